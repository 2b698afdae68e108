import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import type { Image, ProgramContext } from './program.ts'
import { baseName, portArgument, told } from './server.ts'
import { runCommand } from './shell/run.ts'

const PORT = 6379
const MAX_KEYS = 10_000

/** A key-value server on 6379 that knows strings: PING, ECHO, SET, GET, DEL, EXISTS, INCR, KEYS, DBSIZE, QUIT. */
export const redis: Image = {
  program: Object.assign(run, { binaries: ['redis-server'] }),
  usage: { idleMilliCpu: 2, milliCpuPerRequestPerSecond: 0.05, memoryBytes: 8 * 2 ** 20 },
  shell: ['curl', 'wget', 'nslookup', 'dig', 'host', 'nc', 'ping', 'ip', 'ps', 'jq'],
  userId: 999,
}

async function run(context: ProgramContext): Promise<number> {
  const { command, args, signal } = context
  const asked = [...command, ...args]
  const own = asked.length === 0 || ['redis-server', 'docker-entrypoint.sh'].includes(baseName(asked[0] ?? ''))
  if (!own && !asked[0]?.startsWith('-')) return runCommand(context, asked)
  const values = new Map<string, string>()
  const listening = context.listenTcp(portArgument(asked, ['--port']) ?? PORT, (connection) =>
    serve(context, values, connection),
  )
  context.log('1:M * Ready to accept connections tcp')
  try {
    await told(signal)
  } finally {
    listening[Symbol.dispose]()
  }
  context.log('1:M # Redis is now ready to exit, bye bye...')
  return 0
}

/** Both forms of a command: a line of words, and an array of bulk strings (whose lengths are taken on trust: no line breaks in values). */
function serve(context: ProgramContext, values: Map<string, string>, connection: Duplex): void {
  const words: string[] = []
  let left = 0
  let isLength = false
  connection.on('error', () => connection.destroy())
  createInterface({ input: connection }).on('line', (line) => {
    if (left === 0) {
      if (!line.startsWith('*')) return answer(line.split(/\s+/).filter((word) => word !== ''))
      left = Number(line.slice(1)) || 0
      isLength = true
    } else if (isLength) isLength = false
    else {
      words.push(line)
      isLength = true
      if (--left === 0) answer(words.splice(0))
    }
  })
  const answer = (asked: string[]): void => {
    if (asked.length === 0) return
    connection.write(reply(values, asked))
    if (asked[0]?.toUpperCase() === 'QUIT') connection.end()
  }
  context.signal.addEventListener('abort', () => connection.destroy(), { once: true })
}

const bulk = (value: string | undefined): string =>
  value === undefined ? '$-1\r\n' : `$${Buffer.byteLength(value)}\r\n${value}\r\n`

function reply(values: Map<string, string>, [name = '', key = '', value = '', ...rest]: string[]): string {
  switch (name.toUpperCase()) {
    case 'PING':
      return key === '' ? '+PONG\r\n' : bulk(key)
    case 'ECHO':
      return bulk(key)
    case 'QUIT':
      return '+OK\r\n'
    case 'SET':
      if (values.size >= MAX_KEYS && !values.has(key))
        return "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
      values.set(key, value)
      return '+OK\r\n'
    case 'GET':
      return bulk(values.get(key))
    case 'DEL':
    case 'EXISTS': {
      const keys = [key, value, ...rest].filter((each) => values.has(each))
      if (name.toUpperCase() === 'DEL') for (const each of keys) values.delete(each)
      return `:${keys.length}\r\n`
    }
    case 'INCR': {
      const next = Number(values.get(key) ?? 0) + 1
      if (!Number.isInteger(next)) return '-ERR value is not an integer or out of range\r\n'
      values.set(key, String(next))
      return `:${next}\r\n`
    }
    case 'DBSIZE':
      return `:${values.size}\r\n`
    case 'KEYS':
      return `*${values.size}\r\n${[...values.keys()].map(bulk).join('')}`
    default:
      return `-ERR unknown command '${name}', with args beginning with: ${key === '' ? '' : `'${key}' `}\r\n`
  }
}
