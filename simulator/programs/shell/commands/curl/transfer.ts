import { STATUS_CODES } from 'node:http'
import type { HttpRequest, HttpResponse } from '../../../../kubernetes/index.ts'
import type { CommandIo } from '../../command.ts'
import { explain, type CurlFailure } from './failure.ts'
import { CurlUsageError, type CurlOptions } from './options.ts'

export const agent = 'curl/8.16.0'

export interface Transfer {
  url: URL
  request: HttpRequest
  response?: HttpResponse
  failure?: CurlFailure
  milliseconds: number
  redirects: number
  remote: { ip: string; port: number }
  /** Lines of `-v`, and header blocks of every answer on the way. */
  trace: string[]
  headerBlocks: string[]
}

export function parseUrl(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  let url: URL
  try {
    url = new URL(withScheme)
  } catch {
    throw new CurlUsageError('URL rejected: Malformed input to a URL function', 3)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new CurlUsageError(`Protocol "${url.protocol.slice(0, -1)}" not supported`, 1)
  return url
}

/** One URL, with its redirects. `body`: what `-d` and its kin add up to. */
export async function transfer(
  io: CommandIo,
  options: CurlOptions,
  start: URL,
  body: string | Uint8Array | undefined,
): Promise<Transfer> {
  const { clock, sockets } = io.container
  const started = clock.monotonic()
  const trace: string[] = []
  const headerBlocks: string[] = []
  let url = start
  let sent = body
  let method = methodOf(options, body)
  for (let redirects = 0; ; redirects++) {
    const request = requestOf(options, url, method, sent)
    const target = destination(options, url)
    const remaining =
      options.maxTimeSeconds === undefined ? undefined : options.maxTimeSeconds * 1000 - (clock.monotonic() - started)
    const outcome = await send(io, options, request, target, remaining)
    const milliseconds = clock.monotonic() - started
    const remote = { ip: sockets.lookup(target.host)?.addresses[0] ?? '', port: target.port }
    const done = { url, request, milliseconds, redirects, remote, trace, headerBlocks }
    if (!outcome.ok) {
      const failure = explain(outcome.failure, {
        ...target,
        host: url.hostname,
        scheme: request.scheme,
        milliseconds,
        timedOutByOption: outcome.byOption,
      })
      traceFailure(trace, outcome.failure.kind, remote, url, failure, request)
      return { ...done, failure }
    }
    const { response } = outcome
    if (request.scheme === 'https' && !options.insecure && !options.trustsAuthority)
      return {
        ...done,
        failure: { exitCode: 60, message: 'SSL certificate problem: unable to get local issuer certificate' },
      }
    const block = headerBlock(response, clock.now(), method)
    traceExchange(trace, request, url, remote, block)
    headerBlocks.push(block)
    const location = response.headers.find(([name]) => name === 'location')?.[1]
    if (!options.location || location === undefined || response.status < 300 || response.status >= 400)
      return { ...done, response }
    if (redirects >= options.maxRedirects)
      return {
        ...done,
        response,
        failure: { exitCode: 47, message: `Maximum (${options.maxRedirects}) redirects followed` },
      }
    url = new URL(location, url)
    // As browsers do: a POST that is answered 301 to 303 goes on as GET.
    if ([301, 302, 303].includes(response.status) && method !== 'HEAD' && options.method === undefined)
      [method, sent] = ['GET', undefined]
  }
}

type Sent =
  { ok: true; response: HttpResponse } | { ok: false; failure: Parameters<typeof explain>[0]; byOption: boolean }

async function send(
  io: CommandIo,
  options: CurlOptions,
  request: HttpRequest,
  target: { host: string; port: number },
  remaining: number | undefined,
): Promise<Sent> {
  const { sockets } = io.container
  const connectLimit = options.connectTimeoutSeconds === undefined ? undefined : options.connectTimeoutSeconds * 1000
  if (connectLimit !== undefined && connectLimit < (remaining ?? Infinity)) {
    const failure = await sockets.dial(target.host, target.port, {
      timeoutMilliseconds: connectLimit,
      signal: io.signal,
    })
    if (failure?.kind === 'timeout')
      return { ok: false, failure: { ...failure, message: 'connect to: timed out' }, byOption: true }
  }
  const outcome = await sockets.call(request, {
    connectTo: target,
    signal: io.signal,
    ...(remaining === undefined ? {} : { timeoutMilliseconds: Math.max(1, remaining) }),
  })
  return outcome.ok ? outcome : { ok: false, failure: outcome.failure, byOption: remaining !== undefined }
}

function methodOf(options: CurlOptions, body: string | Uint8Array | undefined): string {
  if (options.method !== undefined) return options.method
  if (options.head) return 'HEAD'
  return body !== undefined && !options.get ? 'POST' : 'GET'
}

function requestOf(options: CurlOptions, url: URL, method: string, body: string | Uint8Array | undefined): HttpRequest {
  const sends = body !== undefined && !options.get
  const defaults: [string, string][] = [
    ['user-agent', options.userAgent ?? agent],
    ['accept', options.json ? 'application/json' : '*/*'],
    ...(options.user === undefined
      ? []
      : [['authorization', `Basic ${Buffer.from(options.user).toString('base64')}`] as [string, string]]),
    ...(sends ? [['content-length', String(Buffer.byteLength(body))] as [string, string]] : []),
    ...(sends
      ? [['content-type', options.json ? 'application/json' : 'application/x-www-form-urlencoded'] as [string, string]]
      : []),
  ]
  const given = new Set(options.headers.map(([name]) => name))
  const headers = [
    ...defaults.filter(([name]) => !given.has(name)),
    ...options.headers.filter(([name, value]) => name !== 'host' && value !== ''),
  ]
  const query =
    options.get && body !== undefined
      ? `${url.search === '' ? '?' : '&'}${typeof body === 'string' ? body : Buffer.from(body).toString()}`
      : ''
  return {
    method,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    authority: options.headers.find(([name]) => name === 'host')?.[1] ?? url.host,
    path: `${url.pathname}${url.search}${query}`,
    headers,
    body: sends ? body : '',
  }
}

/** Where to connect: `--resolve host:port:address` and `--connect-to host:port:host2:port2` change it. */
function destination(options: CurlOptions, url: URL): { host: string; port: number } {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  for (const rule of options.connectTo) {
    const [from, fromPort, to, toPort] = rule.split(':')
    if ((from === '' || from === host) && (fromPort === '' || Number(fromPort) === port))
      return { host: to || host, port: Number(toPort || port) }
  }
  for (const rule of options.resolve) {
    const [name, at, address] = rule.replace(/^\+/, '').split(':')
    if ((name === host || name === '*') && Number(at) === port && address !== undefined) return { host: address, port }
  }
  return { host, port }
}

export function headerBlock(response: HttpResponse, now: number, method: string): string {
  const has = (name: string): boolean => response.headers.some(([key]) => key === name)
  const length = Buffer.byteLength(response.body)
  const bodyless = response.status === 204 || response.status === 304 || method === 'HEAD'
  const lines = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? 'Unknown'}`,
    ...response.headers.map(([name, value]) => `${name}: ${value}`),
    ...(has('date') ? [] : [`date: ${new Date(now).toUTCString()}`]),
    ...(has('content-length') || has('transfer-encoding') || bodyless ? [] : [`content-length: ${length}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

function traceExchange(
  trace: string[],
  request: HttpRequest,
  url: URL,
  remote: { ip: string; port: number },
  block: string,
): void {
  traceConnected(trace, url, remote)
  traceRequest(trace, request)
  trace.push(
    ...block
      .trimEnd()
      .split('\r\n')
      .map((line) => `< ${line}`),
    '< ',
    `* Connection #0 to host ${url.hostname} left intact`,
  )
}

function traceConnected(trace: string[], url: URL, { ip, port }: { ip: string; port: number }): void {
  if (ip !== url.hostname) trace.push(`* Host ${url.hostname}:${port} was resolved.`, '* IPv6: (none)', `* IPv4: ${ip}`)
  trace.push(`*   Trying ${ip}:${port}...`, `* Connected to ${url.hostname} (${ip}) port ${port}`)
}

function traceRequest(trace: string[], request: HttpRequest): void {
  trace.push(`> ${request.method} ${request.path} HTTP/1.1`, `> Host: ${request.authority}`)
  trace.push(
    ...request.headers.map(
      ([name, value]) => `> ${name.replace(/(^|-)([a-z])/g, (text) => text.toUpperCase())}: ${value}`,
    ),
    '> ',
  )
  trace.push('* Request completely sent off')
}

function traceFailure(
  trace: string[],
  kind: string,
  remote: { ip: string; port: number },
  url: URL,
  failure: CurlFailure,
  request: HttpRequest,
): void {
  if (kind === 'dns') trace.push(`* ${failure.message}`, '* shutting down connection #0')
  else if (kind === 'refused')
    trace.push(
      `*   Trying ${remote.ip}:${remote.port}...`,
      `* connect to ${remote.ip} port ${remote.port} failed: Connection refused`,
      `* ${failure.message}`,
    )
  else {
    traceConnected(trace, url, remote)
    if (kind === 'reset' || kind === 'empty') traceRequest(trace, request)
    trace.push(`* ${failure.message}`, '* closing connection #0')
  }
}
