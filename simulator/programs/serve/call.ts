import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { CallOutcome, ConnectionFailure, Headers, HttpRequest } from '../../kubernetes/index.ts'
import type { CallOptions } from '../program.ts'

/** Sends one request over the real network, each on a connection of its own, as the simulated network does. */
export async function call(request: HttpRequest, options: CallOptions = {}): Promise<CallOutcome> {
  const started = performance.now()
  const milliseconds = (): number => performance.now() - started
  const limit = AbortSignal.timeout(options.timeoutMilliseconds ?? 2 ** 31 - 1)
  const signal = AbortSignal.any([limit, ...(options.signal === undefined ? [] : [options.signal])])
  try {
    const message = await send(request, options, signal)
    const chunks: Uint8Array[] = []
    for await (const chunk of message) chunks.push(chunk as Uint8Array)
    const response = { status: message.statusCode ?? 0, headers: headersOf(message), body: Buffer.concat(chunks) }
    return { ok: true, response, milliseconds: milliseconds() }
  } catch (error) {
    const failure: ConnectionFailure = signal.aborted
      ? { kind: 'timeout', message: 'Operation timed out' }
      : failureOf(error as NodeJS.ErrnoException, targetOf(request, options))
    return { ok: false, failure, milliseconds: milliseconds() }
  }
}

interface Target {
  host: string
  port: number
}

function targetOf({ scheme, authority }: HttpRequest, { connectTo }: CallOptions): Target {
  if (connectTo !== undefined) return connectTo
  const { hostname, port } = new URL(`${scheme}://${authority}`)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || (scheme === 'https' ? 443 : 80) }
}

function send(request: HttpRequest, options: CallOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { host, port } = targetOf(request, options)
    const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body
    const isLengthDue = body.byteLength > 0 && !request.headers.some(([name]) => name === 'content-length')
    const headers = ['host', request.authority, ...request.headers.flat()]
    if (isLengthDue) headers.push('content-length', String(body.byteLength))
    const common = { host, port, method: request.method, path: request.path, headers, signal, agent: false }
    // Services inside a cluster sign their own certificates: a program that asks for https here asks for encryption only.
    const sent =
      request.scheme === 'https' ? httpsRequest({ ...common, rejectUnauthorized: false }) : httpRequest(common)
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers: Headers = []
  for (let i = 0; i < rawHeaders.length; i += 2)
    headers.push([rawHeaders[i]?.toLowerCase() ?? '', rawHeaders[i + 1] ?? ''])
  return headers
}

/** In the words of the simulated network, which are curl's. */
function failureOf(error: NodeJS.ErrnoException, { host, port }: Target): ConnectionFailure {
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { kind: 'dns', message: `Could not resolve host: ${host}` }
    case 'ECONNREFUSED':
      return { kind: 'refused', message: `connect to ${host} port ${port}: Connection refused` }
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { kind: 'unreachable', message: `connect to ${host} port ${port}: No route to host` }
    case 'ETIMEDOUT':
      return { kind: 'timeout', message: 'Operation timed out' }
    case 'ECONNRESET':
      // Node's words for a connection that ended in good order, before any answer.
      return error.message === 'socket hang up'
        ? { kind: 'empty', message: 'Empty reply from server' }
        : { kind: 'reset', message: 'Connection reset by peer' }
    default:
      return { kind: /^ERR_(SSL|TLS)/.test(error.code ?? '') ? 'tls' : 'reset', message: error.message }
  }
}
