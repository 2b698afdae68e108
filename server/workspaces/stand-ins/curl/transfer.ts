import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { bodyOf } from './body.ts'
import { type Connection, connect } from './connect.ts'
import { asCurlError, CurlError } from './errors.ts'
import type { Options } from './options.ts'
import type { Output } from './output.ts'
import { exchange, headLines, type Message } from './request.ts'
import type { Report } from './write-out.ts'

const MAX_REDIRECTS = 50

/** Gets one URL, and every place that it is redirected to with -L, into `output`. Never throws: the report holds the error. */
export async function transfer(address: string, options: Options, output: Output): Promise<Report> {
  const startedAt = performance.now()
  const report = emptyReport(address)
  const deadline = expiry(options.milliseconds('max-time'))
  let socket: Socket | undefined
  const hold = (opened: Socket) => {
    socket = opened
  }
  try {
    await Promise.race([follow(report, options, output, hold), deadline.expired])
  } catch (error) {
    const told = error === EXPIRED ? slow(startedAt, report) : (error as Error)
    report.exitCode = told instanceof CurlError ? told.exitCode : 2
    report.error = told.message
  } finally {
    deadline[Symbol.dispose]()
    socket?.destroy()
  }
  report.times.total = (performance.now() - startedAt) / 1000
  return report
}

const EXPIRED = new Error('the time of -m is over')

/** Rejects with EXPIRED after so many milliseconds; never without a limit. */
function expiry(milliseconds: number | undefined): Disposable & { expired: Promise<never> } {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    if (milliseconds !== undefined) timer = setTimeout(() => reject(EXPIRED), milliseconds)
  })
  return { expired, [Symbol.dispose]: () => clearTimeout(timer) }
}

const slow = (startedAt: number, { downloaded }: Report) =>
  new CurlError(
    28,
    `Operation timed out after ${Math.round(performance.now() - startedAt)} milliseconds with ${downloaded} bytes received`,
  )

async function follow(report: Report, options: Options, output: Output, hold: (socket: Socket) => void): Promise<void> {
  let message = firstMessage(report.url, options)
  const max = Number(options.last('max-redirs') ?? MAX_REDIRECTS)
  for (;;) {
    report.url = message.url.href
    report.method = message.method
    const next = await hop(message, report, options, output, hold)
    if (next === undefined || !options.has('location')) {
      report.redirectUrl = next?.url.href ?? ''
      return
    }
    if (report.redirects >= max) throw new CurlError(47, `Maximum (${max}) redirects followed`)
    report.redirects += 1
    message = next
  }
}

function firstMessage(address: string, options: Options): Message {
  const body = bodyOf(options.data)
  const url = parsed(address)
  const inQuery = options.has('get') && body !== undefined
  if (inQuery) url.search = `${url.search === '' ? '' : `${url.search}&`}${body.toString()}`
  const usual = options.has('head') ? 'HEAD' : body !== undefined && !inQuery ? 'POST' : 'GET'
  const inUrl =
    url.username === '' ? undefined : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    url,
    method: options.last('request') ?? usual,
    body: inQuery ? undefined : body,
    credentials: options.last('user') ?? inUrl,
  }
}

/** @throws CurlError 1 or 3 */
function parsed(address: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`
  if (/[[{]/.test(text.replace(/^\w+:\/\/\[[0-9a-f:.]+\]/i, '')))
    throw new CurlError(
      3,
      "Labwright's stand-in for curl knows no URL patterns; write the URLs out, or install curl itself",
    )
  const protocol = text.split(':')[0]!.toLowerCase()
  if (protocol !== 'http' && protocol !== 'https')
    throw new CurlError(1, `Protocol "${protocol}" not supported or disabled in libcurl`)
  try {
    return new URL(text)
  } catch (error) {
    throw new CurlError(3, 'URL rejected: Malformed input to a URL function', error)
  }
}

/** One request and its answer. Resolves with the message that a redirect asks for. */
async function hop(
  message: Message,
  report: Report,
  options: Options,
  output: Output,
  hold: (socket: Socket) => void,
): Promise<Message | undefined> {
  const startedAt = performance.now()
  const { url } = message
  const connection = await connect(url, options)
  hold(connection.socket)
  note(report, connection, message)
  if (options.has('verbose'))
    process.stderr.write(`* Connected to ${url.hostname} (${report.remote.address}) port ${report.remote.port}\n`)
  try {
    const response = await exchange(connection.socket, message, options)
    report.status = response.statusCode ?? 0
    report.version = response.httpVersion
    report.headers = response.headers
    report.times.start = (performance.now() - startedAt) / 1000
    if (options.has('verbose')) for (const line of [...headLines(response), '']) process.stderr.write(`< ${line}\r\n`)
    const next = redirected(message, response, options)
    const skip = next !== undefined && options.has('location')
    if (options.has('include') || options.has('head')) await output.write(`${headLines(response).join('\r\n')}\r\n\r\n`)
    if (options.has('fail') && report.status >= 400) {
      response.destroy()
      throw new CurlError(22, `The requested URL returned error: ${report.status}`)
    }
    await receive(response, report, skip ? undefined : output)
    return next
  } catch (error) {
    const { address: host } = report.remote
    throw asCurlError(error, { host: url.hostname || host, port: report.remote.port, startedAt, secure: false })
  }
}

async function receive(response: IncomingMessage, report: Report, output: Output | undefined): Promise<void> {
  const length = Number(response.headers['content-length'] ?? Number.NaN)
  report.downloaded = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      report.downloaded += chunk.length
      await output?.write(chunk)
    }
  } catch (error) {
    if (error instanceof CurlError) throw error
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET' || (error as Error).message !== 'aborted') throw error
    const rest = Number.isNaN(length) ? 'outstanding read data' : `${length - report.downloaded} bytes`
    throw new CurlError(18, `transfer closed with ${rest} remaining${Number.isNaN(length) ? '' : ' to read'}`, error)
  }
}

function redirected(message: Message, response: IncomingMessage, options: Options): Message | undefined {
  const { location } = response.headers
  const status = response.statusCode ?? 0
  if (location === undefined || status < 300 || status > 399) return undefined
  const url = new URL(location, message.url)
  // 301 and 302 turn a POST into a GET, 303 turns everything but HEAD into one; -X is repeated as it is.
  const becomesGet =
    status === 303 ? message.method !== 'HEAD' : [301, 302].includes(status) && message.method === 'POST'
  const sameHost = url.host === message.url.host
  return {
    url,
    method: becomesGet && !options.has('request') ? 'GET' : message.method,
    body: becomesGet ? undefined : message.body,
    credentials: sameHost ? message.credentials : undefined,
  }
}

function note(report: Report, { socket, connected, ready }: Connection, message: Message): void {
  report.remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  report.local = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
  report.times.connect = connected / 1000
  report.times.ready = ready / 1000
  report.uploaded = message.body?.length ?? 0
}

function emptyReport(url: string): Report {
  const nowhere = { address: '', port: 0 }
  const times = { connect: 0, ready: 0, start: 0, total: 0 }
  return {
    url,
    method: 'GET',
    status: 0,
    version: '0',
    headers: {},
    redirects: 0,
    redirectUrl: '',
    downloaded: 0,
    uploaded: 0,
    exitCode: 0,
    error: '',
    remote: nowhere,
    local: nowhere,
    times,
  }
}
