import { pause, type RequestIo } from '../command.ts'
import { parseUrl } from './curl/transfer.ts'

interface LoadOptions {
  url: string
  threads: number
  qps: number
  calls: number | undefined
  seconds: number
  timeoutSeconds: number
  headers: [string, string][]
  quiet: boolean
}

const MAX_THREADS = 200
const percentiles = [50, 75, 90, 99, 99.9]

function parse(args: readonly string[]): LoadOptions | undefined {
  const options: LoadOptions = {
    url: '',
    threads: 4,
    qps: 8,
    calls: undefined,
    seconds: 5,
    timeoutSeconds: 3,
    headers: [],
    quiet: false,
  }
  const words = args.flatMap((word) =>
    /^--?[a-zA-Z-]+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word],
  )
  const seconds = (text = '0'): number =>
    Number(/^[\d.]+/.exec(text)?.[0] ?? 0) * (text.endsWith('ms') ? 0.001 : text.endsWith('m') ? 60 : 1)
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const name = word.replace(/^--?/, '')
    if (!word.startsWith('-')) options.url = word
    else if (name === 'c') options.threads = Math.min(Number(words.shift()), MAX_THREADS)
    else if (name === 'qps') options.qps = Number(words.shift())
    else if (name === 'n') options.calls = Number(words.shift())
    else if (name === 't') options.seconds = seconds(words.shift())
    else if (name === 'timeout') options.timeoutSeconds = seconds(words.shift())
    else if (name === 'loglevel') options.quiet = !/^(info|verbose|debug|warning)$/i.test(words.shift() ?? '')
    else if (name === 'H') {
      const [key = '', ...value] = (words.shift() ?? '').split(':')
      options.headers.push([key.trim().toLowerCase(), value.join(':').trim()])
    } else if (['p', 'r', 'labels', 'json', 'keepalive', 'X', 'user', 'payload'].includes(name)) words.shift()
  }
  return options.url === '' || !(options.threads > 0) ? undefined : options
}

interface Call {
  code: number
  seconds: number
  bytes: number
}

/** fortio load: several callers at once, and a table of what came back. */
export async function fortio(io: RequestIo): Promise<number> {
  const [action, ...rest] = io.args
  const options = action === 'load' || action === 'curl' ? parse(rest) : undefined
  if (options === undefined) {
    io.stderr(
      'fortio: only "fortio load [-c N] [-qps N] [-n N] [-t DURATION] URL" and "fortio curl URL" are there in this practice cluster.\n',
    )
    return 1
  }
  const { clock } = io.container
  if (action === 'curl') {
    const call = await one(io, options, true)
    return call.code === 200 ? 0 : 1
  }
  const pace = options.qps > 0 ? `${options.qps}` : '0'
  const scope = options.calls === undefined ? `for ${options.seconds}s` : `for ${options.calls} calls`
  io.stderr(`Fortio 1.69.5 running at ${pace} queries per second, 8->8 procs, ${scope}: ${options.url}\n`)
  const started = clock.monotonic()
  const calls = await load(io, options, started)
  const seconds = (clock.monotonic() - started) / 1000
  io.stdout(report(calls, seconds, options))
  return 0
}

async function load(io: RequestIo, options: LoadOptions, started: number): Promise<Call[]> {
  const { clock } = io.container
  const calls: Call[] = []
  const end = options.calls === undefined ? started + options.seconds * 1000 : Infinity
  let begun = 0
  const thread = async (): Promise<void> => {
    while (begun < (options.calls ?? Infinity) && clock.monotonic() < end) {
      if (io.signal.aborted) return
      const due = options.qps > 0 ? started + (begun / options.qps) * 1000 : 0
      begun++
      if (due > clock.monotonic()) await pause(io.container, due - clock.monotonic(), io.signal)
      const call = await one(io, options, false)
      calls.push(call)
      if (call.code !== 200 && !options.quiet)
        io.stderr(
          `${new Date(clock.now()).toISOString().slice(11, 19)} W http_client.go:1151> [${calls.length}] Non ok http code ${call.code}\n`,
        )
      // Threads of the real fortio run side by side: none may take all the calls.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: options.threads }, thread))
  return calls
}

async function one(io: RequestIo, options: LoadOptions, shown: boolean): Promise<Call> {
  const url = parseUrl(options.url)
  const host = options.headers.find(([name]) => name === 'host')?.[1]
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const outcome = await io.container.sockets.call(
    {
      method: 'GET',
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      authority: host ?? url.host,
      path: `${url.pathname}${url.search}`,
      headers: [['user-agent', 'fortio.org/fortio-1.69.5'], ...options.headers.filter(([name]) => name !== 'host')],
      body: '',
    },
    { timeoutMilliseconds: options.timeoutSeconds * 1000, signal: io.signal, connectTo: { host: url.hostname, port } },
  )
  if (!outcome.ok) {
    if (shown) io.stderr(`Unable to connect: ${outcome.failure.message}\n`)
    return { code: -1, seconds: outcome.milliseconds / 1000, bytes: 0 }
  }
  if (shown) {
    io.stdout(
      [
        `HTTP/1.1 ${outcome.response.status}`,
        ...outcome.response.headers.map(([name, value]) => `${name}: ${value}`),
        '',
        '',
      ].join('\r\n'),
    )
    io.stdout(outcome.response.body)
  }
  return {
    code: outcome.response.status,
    seconds: outcome.milliseconds / 1000,
    bytes: Buffer.byteLength(outcome.response.body),
  }
}

function report(calls: readonly Call[], seconds: number, { threads }: LoadOptions): string {
  const times = calls.map((call) => call.seconds).sort((a, b) => a - b)
  const sum = times.reduce((total, time) => total + time, 0)
  const average = calls.length === 0 ? 0 : sum / calls.length
  const codes = new Map<number, number>()
  for (const { code } of calls) codes.set(code, (codes.get(code) ?? 0) + 1)
  const qps = seconds > 0 ? calls.length / seconds : 0
  const bytes = calls.reduce((total, call) => total + call.bytes, 0)
  const at = (percent: number): number =>
    times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))] ?? 0
  return [
    `Ended after ${(seconds * 1000).toFixed(4)}ms : ${calls.length} calls. qps=${qps.toFixed(2)}`,
    `Aggregated Function Time : count ${calls.length} avg ${average.toFixed(7)} min ${(times[0] ?? 0).toFixed(7)} max ${(times.at(-1) ?? 0).toFixed(7)} sum ${sum.toFixed(7)}`,
    ...percentiles.map((percent) => `# target ${percent}% ${at(percent).toFixed(7)}`),
    `Sockets used: ${threads} (for perfect keepalive, would be ${threads})`,
    ...[...codes]
      .sort(([a], [b]) => a - b)
      .map(
        ([code, count]) =>
          `Code ${String(code).padStart(3)} : ${count} (${((count / calls.length) * 100).toFixed(1)} %)`,
      ),
    `Response Body Sizes : count ${calls.length} avg ${(calls.length === 0 ? 0 : bytes / calls.length).toFixed(1)} sum ${bytes}`,
    `All done ${calls.length} calls (plus 0 warmup) ${(average * 1000).toFixed(3)} ms avg, ${qps.toFixed(1)} qps`,
    '',
  ].join('\n')
}
