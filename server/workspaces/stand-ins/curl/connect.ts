import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure, type TLSSocket } from 'node:tls'
import { asCurlError, CurlError } from './errors.ts'
import type { Options } from './options.ts'

export interface Connection {
  socket: Socket
  /** Milliseconds since the start of this connection, as curl counts them: name found and connected, ready to send. */
  connected: number
  ready: number
}

/**
 * A connection on which the request can be sent: straight to the host or through the proxy of the environment, with TLS where the URL
 * asks for it. @throws CurlError
 */
export async function connect(url: URL, options: Options): Promise<Connection> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = url.protocol === 'https:'
  const port = Number(url.port || (secure ? 443 : 80))
  const startedAt = performance.now()
  const target = { host, port, startedAt, secure }
  const wait = options.milliseconds('connect-timeout') ?? 300_000
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), wait)
  const expired = () =>
    new CurlError(28, `Failed to connect to ${host} port ${port} after ${Math.round(wait)} ms: Timeout was reached`)
  let socket: Socket | undefined
  try {
    const proxy = proxyFor(url)
    socket =
      proxy === undefined
        ? await opened(
            connectPlain({ host: addressOf(host, port, options), port, ...family(options) }),
            deadline.signal,
          )
        : await tunnel(proxy, host, port, deadline.signal)
    const connected = performance.now() - startedAt
    if (secure) socket = await opened(secured(socket, host, options), deadline.signal)
    return { socket, connected, ready: performance.now() - startedAt }
  } catch (error) {
    socket?.destroy()
    throw deadline.signal.aborted ? expired() : asCurlError(error, target)
  } finally {
    clearTimeout(timer)
  }
}

function family(options: Options): { family?: 4 | 6 } {
  return options.has('ipv4') ? { family: 4 } : options.has('ipv6') ? { family: 6 } : {}
}

/** `--resolve HOST:PORT:ADDRESS`. */
function addressOf(host: string, port: number, options: Options): string {
  const prefix = `${host}:${port}:`
  return (
    options
      .all('resolve')
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length) ?? host
  )
}

function opened<T extends Socket | TLSSocket>(socket: T, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      act()
    }
    const fail = (error: Error) => settle(() => reject(error))()
    const abort = () => fail(new Error('aborted'))
    signal.addEventListener('abort', abort)
    socket.once('error', fail)
    socket.once(
      'authorized' in socket ? 'secureConnect' : 'connect',
      settle(() => resolve(socket)),
    )
  })
}

function secured(socket: Socket, host: string, options: Options): TLSSocket {
  const { CURL_CA_BUNDLE, SSL_CERT_FILE } = process.env
  const file = options.last('cacert') ?? CURL_CA_BUNDLE ?? SSL_CERT_FILE
  return connectSecure({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(file === undefined || file === '' ? {} : { ca: certificates(file) }),
    rejectUnauthorized: !options.has('insecure'),
    ALPNProtocols: ['http/1.1'],
  })
}

function certificates(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CurlError(77, `error setting certificate file: ${file}`, error)
  }
}

/** As curl reads the environment: http_proxy in lower case alone, https_proxy in both, no_proxy by suffix of the name. */
function proxyFor({ protocol, hostname }: URL): URL | undefined {
  const env = process.env
  const none = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter(Boolean)
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (none.some((name) => name === '*' || host === name || host.endsWith(`.${name.replace(/^\./, '')}`)))
    return undefined
  const text = protocol === 'https:' ? (env['https_proxy'] ?? env['HTTPS_PROXY']) : env['http_proxy']
  if (text === undefined || text === '') return undefined
  return new URL(text.includes('://') ? text : `http://${text}`)
}

/** A connection through the proxy, by CONNECT for plain HTTP too: every proxy that carries HTTPS knows it. */
function tunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return new Promise((resolve, reject) => {
    const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const outgoing = httpRequest({
      host: proxy.hostname,
      port: proxy.port || 1080,
      method: 'CONNECT',
      path: target,
      headers: {
        Host: target,
        ...(proxy.username === ''
          ? {}
          : { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
      agent: false,
      signal,
    })
    outgoing.on('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(new CurlError(56, `CONNECT tunnel failed, response ${response.statusCode}`))
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'
          ? new CurlError(5, `Could not resolve proxy: ${proxy.hostname}`, error)
          : asCurlError(error, {
              host: proxy.hostname,
              port: Number(proxy.port),
              startedAt: performance.now(),
              secure: false,
            }),
      ),
    )
    outgoing.end()
  })
}
