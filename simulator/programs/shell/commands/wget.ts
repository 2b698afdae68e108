import { STATUS_CODES } from 'node:http'
import { parseUrl } from './curl/transfer.ts'
import type { Command, CommandIo } from '../command.ts'

interface WgetOptions {
  url?: string
  quiet: boolean
  output?: string
  spider: boolean
  showHeaders: boolean
  timeoutSeconds: number
  headers: [string, string][]
  method: string
  body: string
}

const DEFAULT_TIMEOUT_SECONDS = 900
const MAX_REDIRECTS = 10

function parse(args: readonly string[]): WgetOptions | { unknown: string } {
  const options: WgetOptions = {
    quiet: false,
    spider: false,
    showHeaders: false,
    timeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
    headers: [],
    method: 'GET',
    body: '',
  }
  const words = args.flatMap((word) => {
    // `--timeout=5`, `-T5`, `-qO-`, `-O/dev/null`
    const long = /^(--[a-z-]+)=(.*)$/s.exec(word)
    if (long !== null) return [long[1] ?? '', long[2] ?? '']
    const cluster = /^-([qSc]*)([OT])(.*)$/s.exec(word)
    if (cluster === null) return [word]
    const flags = Array.from(cluster[1] ?? '', (flag) => `-${flag}`)
    return [...flags, `-${cluster[2]}`, ...(cluster[3] === '' ? [] : [cluster[3] ?? ''])]
  })
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-q' || word === '--quiet' || word === '-nv') options.quiet = true
    else if (word === '-S' || word === '--server-response') options.showHeaders = true
    else if (word === '--spider') options.spider = true
    else if (word === '-O' || word === '--output-document') options.output = words.shift() ?? '-'
    else if (word === '-T' || word === '--timeout') options.timeoutSeconds = Number(words.shift())
    else if (word === '-t' || word === '--tries' || word === '-U' || word === '--user-agent') words.shift()
    else if (word === '--header') {
      const [name = '', ...value] = (words.shift() ?? '').split(':')
      options.headers.push([name.trim().toLowerCase(), value.join(':').trim()])
    } else if (word === '--post-data' || word === '--body-data') {
      options.body = words.shift() ?? ''
      if (options.method === 'GET') options.method = 'POST'
    } else if (word === '--method') options.method = words.shift() ?? 'GET'
    else if (word === '--no-check-certificate' || word === '-c') continue
    else if (word.startsWith('-') && word !== '-') return { unknown: word }
    else options.url = word
  }
  return options
}

/** wget as busybox has it: its words, and 1 for every failure. */
export const wget: Command = async (io) => {
  const options = parse(io.args)
  if ('unknown' in options) return failed(io, `wget: unrecognized option '${options.unknown}'`)
  if (options.url === undefined)
    return failed(io, 'Usage: wget [-cqS] [--spider] [-O FILE] [--header STR] [--post-data STR] [-T SEC] URL')
  let url = parseUrl(options.url)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const address = io.container.sockets.lookup(url.hostname)?.addresses[0]
    if (address === undefined) return failed(io, `wget: bad address '${url.host}'`)
    if (!options.quiet) io.stderr(`Connecting to ${url.host} (${address}:${port})\n`)
    const hostHeader = options.headers.find(([name]) => name === 'host')?.[1]
    const outcome = await io.container.sockets.call(
      {
        method: options.method,
        scheme: url.protocol === 'https:' ? 'https' : 'http',
        authority: hostHeader ?? url.host,
        path: `${url.pathname}${url.search}`,
        headers: [['user-agent', 'Wget'], ...options.headers.filter(([name]) => name !== 'host')],
        body: options.body,
      },
      {
        timeoutMilliseconds: options.timeoutSeconds * 1000,
        signal: io.signal,
        connectTo: { host: url.hostname, port },
      },
    )
    if (!outcome.ok) return failed(io, explain(outcome.failure.kind, address))
    const { status, headers, body } = outcome.response
    const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`
    if (options.showHeaders)
      io.stderr([`  ${line}`, ...headers.map(([name, value]) => `  ${name}: ${value}`), ''].join('\n'))
    const location = headers.find(([name]) => name === 'location')?.[1]
    if (status >= 300 && status < 400 && location !== undefined) {
      url = new URL(location, url)
      continue
    }
    if (status >= 400) return failed(io, `wget: server returned error: ${line}`)
    return options.spider
      ? (options.quiet || io.stderr('remote file exists\n'), 0)
      : save(io, options, url, Buffer.from(body))
  }
  return failed(io, 'wget: too many redirections')
}

function failed(io: CommandIo, sentence: string): number {
  io.stderr(`${sentence}\n`)
  return 1
}

function explain(kind: string, address: string): string {
  switch (kind) {
    case 'refused':
      return `wget: can't connect to remote host (${address}): Connection refused`
    case 'timeout':
      return 'wget: download timed out'
    case 'tls':
      return 'wget: error getting response: TLS handshake failed'
    case 'empty':
      return 'wget: error getting response'
    default:
      return 'wget: error getting response: Connection reset by peer'
  }
}

async function save(io: CommandIo, { output, quiet }: WgetOptions, url: URL, bytes: Buffer): Promise<number> {
  const name = output ?? (url.pathname.slice(url.pathname.lastIndexOf('/') + 1) || 'index.html')
  if (!quiet) io.stderr(name === '-' ? 'writing to stdout\n' : `saving to '${name}'\n`)
  if (name === '-') io.stdout(bytes)
  else if (name !== '/dev/null') {
    const fs = await io.container.fs()
    await fs.writeFile(fs.resolvePath(io.cwd, name), bytes)
  }
  const shown = name.padEnd(20).slice(0, 20)
  if (!quiet)
    io.stderr(
      `${shown} 100% |${'*'.repeat(32)}| ${String(bytes.length).padStart(5)}  0:00:00 ETA\n${name === '-' ? 'written to stdout' : `'${name}' saved`}\n`,
    )
  return 0
}
