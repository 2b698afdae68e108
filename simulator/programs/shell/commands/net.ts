import type { Command, CommandIo } from '../command.ts'

const LINUX_CONNECT_TIMEOUT_MS = 127_000

/** `nc -z host port`: whether something listens. Whole conversations are curl's work. */
const nc: Command = async (io) => {
  const words = [...io.args]
  let scans = false
  let verbose = false
  let timeoutMilliseconds = LINUX_CONNECT_TIMEOUT_MS
  const operands: string[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('-')) operands.push(word)
    else if (word.includes('l')) return refuse(io, 'nc: listening is not possible in this practice cluster.')
    else {
      scans ||= word.includes('z')
      verbose ||= word.includes('v')
      if (word.endsWith('w')) timeoutMilliseconds = Number(words.shift() ?? 0) * 1000
      else if (/w\d+$/.test(word)) timeoutMilliseconds = Number(/\d+$/.exec(word)?.[0]) * 1000
    }
  }
  const [host, portText] = operands
  const port = Number(portText)
  if (host === undefined || !Number.isInteger(port)) return refuse(io, 'Usage: nc [-zv] [-w SEC] HOST PORT')
  if (!scans)
    return refuse(
      io,
      'nc: this practice cluster carries whole HTTP requests; use curl, or nc -z to see whether a port is open.',
    )
  const failure = await io.container.sockets.dial(host, port, { timeoutMilliseconds, signal: io.signal })
  const address = io.container.sockets.lookup(host)?.addresses[0] ?? host
  if (failure === undefined) {
    if (verbose) io.stderr(`${host} (${address}:${port}) open\n`)
    return 0
  }
  if (failure.kind === 'dns') return refuse(io, `nc: bad address '${host}'`)
  const words2 = failure.kind === 'timeout' ? 'Connection timed out' : 'Connection refused'
  return verbose || failure.kind === 'timeout' ? refuse(io, `nc: ${host} (${address}:${port}): ${words2}`) : 1
}

function refuse(io: CommandIo, sentence: string): number {
  io.stderr(`${sentence}\n`)
  return 1
}

const ping: Command = async (io) => {
  const host = io.args.findLast((word) => !word.startsWith('-')) ?? ''
  if (io.container.sockets.lookup(host) === undefined) return refuse(io, `ping: bad address '${host}'`)
  return refuse(
    io,
    `ping: this practice cluster carries TCP and HTTP only; try "curl ${host}" or "nc -zv ${host} PORT".`,
  )
}

export const net: Readonly<Record<string, Command>> = { nc, ping }
