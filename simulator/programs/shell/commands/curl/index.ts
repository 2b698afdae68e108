import { readAll, pause, INTERRUPTED, type Command, type CommandIo } from '../../command.ts'
import { CurlUsageError, parseCurl, remoteName, type CurlOptions } from './options.ts'
import { agent, parseUrl, transfer, type Transfer } from './transfer.ts'
import { writeOut } from './write-out.ts'

/** curl, for requests inside the cluster: options, exit codes and words of curl 8. */
export const curl: Command = async (io) => {
  let options: CurlOptions
  try {
    options = parseCurl(io.args)
    if (options.version)
      return print(
        io,
        `${agent.replace('/', ' ')} (practice build: requests stay inside this cluster)\nProtocols: http https\n`,
      )
    if (options.help) return print(io, 'Usage: curl [options...] <url>\n')
    if (options.urls.length === 0) throw new CurlUsageError('(2) no URL specified')
    const body = await bodyOf(io, options)
    // Each output belongs to one URL of the command line, and to all that its ranges make of it.
    const asked = options.urls.flatMap((text, index) =>
      expandRanges(text).map((expanded) => ({ url: parseUrl(expanded), index })),
    )
    let exitCode = 0
    const waiting = asked.values()
    const lane = async (): Promise<void> => {
      for (const { url, index } of waiting) exitCode = (await one(io, options, url, body, index)) || exitCode
    }
    await Promise.all(Array.from({ length: options.parallel ? options.parallelMax : 1 }, lane))
    return exitCode
  } catch (error) {
    if (!(error instanceof CurlUsageError)) throw error
    const words =
      error.exitCode === 2
        ? `${error.message}\ncurl: try 'curl --help' or 'curl --manual' for more information`
        : `(${error.exitCode}) ${error.message}`
    io.stderr(`curl: ${words}\n`)
    return error.exitCode
  }
}

function print(io: CommandIo, text: string): number {
  io.stdout(text)
  return 0
}

/** `http://x/[1-3]` asks three times; `{a,b}` twice. */
function expandRanges(url: string): string[] {
  const range = /\[(\d+)-(\d+)\]/.exec(url)
  if (range !== null) {
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), Number(range[1]) + 9999)]
    return Array.from({ length: to - from + 1 }, (_, i) => url.replace(range[0], String(from + i))).flatMap(
      expandRanges,
    )
  }
  const choice = /\{([^{}]+)\}/.exec(url)
  if (choice?.[1] === undefined) return [url]
  return choice[1].split(',').flatMap((part) => expandRanges(url.replace(choice[0], part)))
}

async function bodyOf(io: CommandIo, options: CurlOptions): Promise<string | Uint8Array | undefined> {
  if (options.data.length === 0) return undefined
  const parts: string[] = []
  for (const { kind, text } of options.data) {
    if (kind === 'urlencode') {
      const [name, value] = text.includes('=')
        ? [text.slice(0, text.indexOf('=') + 1), text.slice(text.indexOf('=') + 1)]
        : ['', text]
      parts.push(`${name}${encodeURIComponent(value)}`)
    } else if (text.startsWith('@') && kind !== 'raw') {
      const content = new TextDecoder().decode(await readInput(io, text.slice(1)))
      parts.push(kind === 'plain' ? content.replaceAll(/[\r\n]/g, '') : content)
    } else parts.push(text)
  }
  return parts.join('&')
}

async function readInput(io: CommandIo, name: string): Promise<Uint8Array> {
  if (name === '-') return readAll(io.stdin)
  const fs = await io.container.fs()
  const path = fs.resolvePath(io.cwd, name)
  if (!(await fs.exists(path))) throw new CurlUsageError(`Failed to open ${name}`, 26)
  return fs.readFileBuffer(path)
}

async function one(
  io: CommandIo,
  options: CurlOptions,
  url: URL,
  body: string | Uint8Array | undefined,
  index: number,
): Promise<number> {
  let done = await transfer(io, options, url, body)
  for (let tries = 0; tries < options.retries && isTransient(done, options) && !io.signal.aborted; tries++) {
    const wait = options.retryDelaySeconds || Math.min(2 ** tries, 600)
    if (!options.silent)
      io.stderr(
        `Warning: Problem: ${done.failure?.message ?? `HTTP error ${done.response?.status}`}. Will retry in ${wait} second${wait === 1 ? '' : 's'}.\n`,
      )
    await pause(io.container, wait * 1000, io.signal)
    done = await transfer(io, options, url, body)
  }
  if (io.signal.aborted) return INTERRUPTED
  return finish(io, options, done, index)
}

function isTransient({ failure, response }: Transfer, options: CurlOptions): boolean {
  if (failure !== undefined)
    return (
      options.retryAllErrors ||
      failure.exitCode === 28 ||
      failure.exitCode === 6 ||
      (failure.exitCode === 7 && options.retryConnectionRefused)
    )
  return [408, 429, 500, 502, 503, 504].includes(response?.status ?? 0)
}

async function finish(io: CommandIo, options: CurlOptions, done: Transfer, index: number): Promise<number> {
  const { response } = done
  const refused = response !== undefined && response.status >= 400 && (options.fail || options.failWithBody)
  const failure =
    done.failure ??
    (refused ? { exitCode: 22, message: `The requested URL returned error: ${response.status}` } : undefined)
  if (options.verbose) io.stderr(`${done.trace.join('\n')}\n`)
  const headers = options.include || options.head ? done.headerBlocks.join('') : ''
  const shown =
    response !== undefined && !(options.fail && response.status >= 400) && !options.head
      ? Buffer.from(response.body)
      : Buffer.alloc(0)
  const output = options.outputs[index]
  const writeError = await deliver(io, done, output, Buffer.concat([Buffer.from(headers), shown]))
  if (options.dumpHeader !== undefined) await writeFile(io, options.dumpHeader, Buffer.from(done.headerBlocks.join('')))
  const goesToTerminal = io.tty && output === undefined
  if (!options.silent && !goesToTerminal)
    io.stderr(meter(response === undefined ? undefined : Buffer.byteLength(response.body), done.milliseconds))
  const outcome = failure ?? writeError
  if (outcome !== undefined && (!options.silent || options.showError))
    io.stderr(`curl: (${outcome.exitCode}) ${outcome.message}\n`)
  if (options.writeOut !== undefined) io.stdout(writeOut(options.writeOut, factsOf(io, done, outcome)))
  return outcome?.exitCode ?? 0
}

async function deliver(
  io: CommandIo,
  { url }: Transfer,
  output: string | undefined,
  bytes: Uint8Array,
): Promise<{ exitCode: number; message: string } | undefined> {
  if (output === undefined || output === '-') {
    if (bytes.length > 0) io.stdout(bytes)
    return undefined
  }
  const name = output === remoteName ? url.pathname.slice(url.pathname.lastIndexOf('/') + 1) : output
  if (name === '') return { exitCode: 23, message: 'Remote file name has no length' }
  if (name === '/dev/null') return undefined
  return writeFile(io, name, bytes)
}

async function writeFile(
  io: CommandIo,
  name: string,
  bytes: Uint8Array,
): Promise<{ exitCode: number; message: string } | undefined> {
  if (name === '-') {
    io.stdout(bytes)
    return undefined
  }
  const fs = await io.container.fs()
  const path = fs.resolvePath(io.cwd, name)
  if (!(await fs.exists(path.slice(0, path.lastIndexOf('/')) || '/'))) {
    io.stderr(`Warning: Failed to open the file ${name}: No such file or directory\n`)
    return { exitCode: 23, message: `client returned ERROR on write, ${bytes.length} bytes not written` }
  }
  await fs.writeFile(path, bytes)
  return undefined
}

function factsOf(
  { container }: CommandIo,
  done: Transfer,
  failure: { exitCode: number; message: string } | undefined,
): Parameters<typeof writeOut>[1] {
  const { url, request, response, redirects, remote, milliseconds } = done
  const location = response?.headers.find(([name]) => name === 'location')?.[1]
  return {
    url: url.href,
    method: request.method,
    scheme: request.scheme,
    status: response?.status ?? 0,
    headers: response?.headers ?? [],
    bodyBytes: response === undefined ? 0 : Buffer.byteLength(response.body),
    headerBytes: done.headerBlocks.join('').length,
    totalSeconds: milliseconds / 1000,
    redirects,
    redirectUrl: location === undefined ? '' : new URL(location, url).href,
    localIp: response === undefined ? '' : container.sockets.ip,
    remoteIp: response === undefined ? '' : remote.ip,
    remotePort: response === undefined ? 0 : remote.port,
    exitCode: failure?.exitCode ?? 0,
    errorMessage: failure?.message ?? '',
  }
}

const meterHead =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
  '                                 Dload  Upload   Total   Spent    Left  Speed\n'

/** The progress meter as it stands at the end: curl shows it whenever its output is no terminal. */
function meter(bytes: number | undefined, milliseconds: number): string {
  const cell = (value: number): string => String(value).padStart(5)
  if (bytes === undefined)
    return `${meterHead}\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n`
  const speed = Math.round(bytes / Math.max(milliseconds / 1000, 0.001))
  const rate = (speed < 100_000 ? String(speed) : `${Math.round(speed / 1024)}k`).padStart(6)
  return `${meterHead}\r100 ${cell(bytes)}  100 ${cell(bytes)}    0     0 ${rate}      0 --:--:-- --:--:-- --:--:-- ${rate}\n`
}
