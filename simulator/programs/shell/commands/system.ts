import { INTERRUPTED, pause, type Command } from '../command.ts'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

function duration(word: string): number | undefined {
  if (word === 'infinity' || word === 'inf') return Infinity
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word)
  return match === null ? undefined : Number(match[1]) * (units[match[2] || 's'] ?? 1)
}

const sleep: Command = async ({ args, stderr, container, signal }) => {
  if (args.length === 0) {
    stderr('sleep: missing operand\n')
    return 1
  }
  let seconds = 0
  for (const word of args) {
    const part = duration(word)
    if (part === undefined) {
      stderr(`sleep: invalid time interval '${word}'\n`)
      return 1
    }
    seconds += part
  }
  await pause(container, seconds * 1000, signal)
  return signal.aborted ? INTERRUPTED : 0
}

const hostname: Command = async ({ args, stdout, container }) => {
  stdout(`${args.includes('-i') || args.includes('-I') ? container.sockets.ip : container.hostname}\n`)
  return 0
}

/** What runs in this container: its main process, and whatever was started in it and has not ended. */
const ps: Command = async ({ stdout, container }) => {
  const user = container.image.userId === 0 ? 'root' : String(container.image.userId)
  const line = (pid: number, command: string): string =>
    `${String(pid).padStart(5)} ${user.padEnd(8)}  0:00 ${command}\n`
  stdout('PID   USER     TIME  COMMAND\n')
  if (!container.processes.has(1)) stdout(line(1, container.main))
  for (const { pid, command } of container.processes.values()) stdout(line(pid, command))
  return 0
}

const kill: Command = async ({ args, stderr, container }) => {
  const pids = args.filter((word) => /^\d+$/.test(word)).map(Number)
  let exitCode = pids.length === 0 ? 1 : 0
  for (const pid of pids) {
    const end = pid === 1 ? (container.processes.get(1)?.end ?? container.terminate) : container.processes.get(pid)?.end
    if (end !== undefined) end()
    else {
      stderr(`kill: can't kill pid ${pid}: No such process\n`)
      exitCode = 1
    }
  }
  return exitCode
}

const ip: Command = async ({ args, stdout, stderr, container }) => {
  const [topic = ''] = args.filter((word) => !word.startsWith('-'))
  if (!'address'.startsWith(topic) && !'route'.startsWith(topic)) {
    stderr(`ip: only "ip addr" and "ip route" are there in this practice cluster.\n`)
    return 1
  }
  if (topic.startsWith('r')) {
    stdout(
      `default via 10.244.0.1 dev eth0 \n10.244.0.0/24 via 10.244.0.1 dev eth0  src ${container.sockets.ip} \n10.244.0.1 dev eth0 scope link  src ${container.sockets.ip} \n`,
    )
    return 0
  }
  stdout(
    [
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000',
      '    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00',
      '    inet 127.0.0.1/8 scope host lo',
      '       valid_lft forever preferred_lft forever',
      '2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP qlen 1000',
      '    link/ether 1e:5a:2b:00:00:07 brd ff:ff:ff:ff:ff:ff',
      `    inet ${container.sockets.ip}/24 brd 10.244.0.255 scope global eth0`,
      '       valid_lft forever preferred_lft forever',
      '',
    ].join('\n'),
  )
  return 0
}

const id: Command = async ({ args, stdout, container }) => {
  const { userId } = container.image
  const name = userId === 0 ? 'root' : 'app'
  if (args.includes('-u')) stdout(`${args.includes('-n') || args.includes('-un') ? name : userId}\n`)
  else if (args.includes('-g')) stdout(`${userId}\n`)
  else stdout(`uid=${userId}(${name}) gid=${userId}(${name}) groups=${userId}(${name})\n`)
  return 0
}

const whoami: Command = async ({ stdout, container }) => {
  stdout(`${container.image.userId === 0 ? 'root' : 'app'}\n`)
  return 0
}

/** Signals cannot be caught here; a script that sets traps runs on. */
const trap: Command = async () => 0

const uname: Command = async ({ args, stdout, container }) => {
  const { hostname: name } = container
  if (args.includes('-a')) stdout(`Linux ${name} 6.8.0 #1 SMP x86_64 GNU/Linux\n`)
  else if (args.includes('-r')) stdout('6.8.0\n')
  else if (args.includes('-n')) stdout(`${name}\n`)
  else if (args.includes('-m')) stdout('x86_64\n')
  else stdout('Linux\n')
  return 0
}

export const system: Readonly<Record<string, Command>> = { sleep, hostname, ps, kill, ip, id, whoami, trap, uname }
