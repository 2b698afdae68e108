import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Mirror } from '../provider.ts'
import { certificateFor, type Pair } from './authority.ts'
import { publicAddress } from './addresses.ts'
import { covers, type Grant, grantOf, mirrorsHost } from './grants.ts'

const CONNECT_MILLISECONDS = 10_000
const MOST_CONNECTIONS = 256
const HIGHEST_PORT = 65_535

/** `public`: no address of this machine, of a private network or of a cloud's metadata, which the shells themselves cannot reach. */
export type Reach = 'everything' | 'public'

/** Which host a decrypted connection was meant for, and by whose right. */
interface Tunnel {
  host: string
  grant: Grant
}

/**
 * The way of a lab's shells to downloads: an HTTP proxy on loopback. For hosts that the lab mirrors it ends TLS itself and answers
 * as the site would; all else it passes on, or refuses with the ordinary error of a proxy that cannot reach the host.
 */
export class DownloadProxy {
  readonly #authority: Pair
  readonly #mirrors: Record<string, Mirror>
  readonly #grants = new Map<string, Grant>()
  readonly #contexts = new Map<string, Promise<SecureContext>>()
  readonly #tunnels = new WeakMap<object, Tunnel>()
  readonly #open = new Set<Duplex>()
  readonly #reach: Reach
  readonly #servers = new Set<Server>()
  readonly #inner: Server

  constructor(authority: Pair, mirrors: Record<string, Mirror>, reach: Reach = 'everything') {
    this.#authority = authority
    this.#mirrors = mirrors
    this.#reach = reach
    this.#inner = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(502, { 'Content-Type': 'text/plain' })
        response.end(`The mirror could not answer: ${error instanceof Error ? error.message : String(error)}\n`)
      })
    })
  }

  /** Listens on loopback; returns the port. 0 takes a free one. Throws EADDRINUSE when another program has it. */
  listen(port: number): Promise<number> {
    const server = this.server()
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** One more way in, for its maker to let it listen; it ends with the proxy, if not before. */
  server(): Server {
    const server = createServer((_, response) => {
      response.writeHead(405, { 'Content-Type': 'text/plain' })
      response.end('This proxy carries HTTPS alone.\n')
    })
    server.maxConnections = MOST_CONNECTIONS
    server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#connect(request, socket))
    this.#servers.add(server)
    server.once('close', () => this.#servers.delete(server))
    return server
  }

  allow(session: string, grant: Grant): void {
    this.#grants.set(session, grant)
  }

  forget(session: string): void {
    this.#grants.delete(session)
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    const servers = [...this.#servers]
    for (const server of servers) server.closeAllConnections()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }

  #connect(request: IncomingMessage, socket: Duplex): void {
    this.#open.add(socket)
    socket.on('close', () => this.#open.delete(socket))
    // The client may go at any time; there is nobody left to tell.
    socket.on('error', () => socket.destroy())
    const grant = grantOf(request.headers['proxy-authorization'], this.#grants)
    if (grant === undefined) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="lab"\r\n\r\n')
      return
    }
    const [, host = '', digits = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(request.url ?? '') ?? []
    const port = Number(digits)
    if (port < 1 || port > HIGHEST_PORT) return refuse(socket, host)
    if (port === 443 && mirrorsHost(grant, host.toLowerCase())) return this.#intercept(socket, { host, grant })
    this.#target(host)
      .then((address) => this.#pass(socket, { host, address, port }))
      .catch(() => refuse(socket, host))
  }

  /** The address to connect to. @throws where the way does not lead */
  async #target(host: string): Promise<string> {
    return this.#reach === 'everything' ? host : publicAddress(host)
  }

  #intercept(socket: Duplex, tunnel: Tunnel): void {
    const host = tunnel.host.toLowerCase()
    let context = this.#contexts.get(host)
    if (context === undefined) {
      context = certificateFor(host, this.#authority).then(({ certificate, key }) =>
        createSecureContext({ cert: certificate, key }),
      )
      this.#contexts.set(host, context)
    }
    context.then(
      (secureContext) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        const tls = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
        this.#tunnels.set(tls, tunnel)
        tls.on('error', () => tls.destroy())
        this.#inner.emit('connection', tls)
      },
      () => socket.destroy(),
    )
  }

  #pass(socket: Duplex, { host, address, port }: { host: string; address: string; port: number }): void {
    // It hung up while the address was looked up.
    if (socket.destroyed) return
    const upstream = connect({ host: address, port, timeout: CONNECT_MILLISECONDS })
    let answered = false
    upstream.on('connect', () => {
      answered = true
      upstream.setTimeout(0)
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('timeout', () => upstream.destroy(new Error('timed out')))
    upstream.on('error', () => {
      if (answered) socket.destroy()
      else refuse(socket, host)
    })
    upstream.on('close', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tunnel = this.#tunnels.get(request.socket)
    if (tunnel === undefined) return void response.writeHead(400).end()
    const site = `https://${tunnel.host.toLowerCase()}`
    const target = request.url ?? '/'
    if (!URL.canParse(target, site)) return void response.writeHead(400).end()
    const url = new URL(target, site)
    // A request may name a site itself, as to a proxy: only the one that the tunnel leads to.
    if (url.origin !== site) return void response.writeHead(400).end()
    const name = tunnel.grant.mirrors.find((mirror) => covers(mirror.url, url.href))?.mirror
    const mirror = name === undefined ? undefined : this.#mirrors[name]
    if (mirror === undefined) return this.#forward(url, await this.#target(url.hostname), request, response)
    const answer = await mirror(url)
    const body = Buffer.from(answer.body)
    response.writeHead(answer.status, { 'Content-Length': body.length, ...answer.headers })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  /** A page of a mirrored host that is not mirrored itself: from the internet, where there is one. */
  #forward(url: URL, address: string, request: IncomingMessage, response: ServerResponse): void {
    const upstream = httpsRequest(
      {
        host: address,
        servername: url.hostname,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: { ...request.headers, host: url.host },
        timeout: CONNECT_MILLISECONDS,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    upstream.on('timeout', () => upstream.destroy(new Error('timed out')))
    upstream.on('error', (error) => {
      if (!response.headersSent) response.writeHead(502, { 'Content-Type': 'text/plain' })
      response.end(`${url.host} could not be reached from here: ${error.message}\n`)
    })
    request.pipe(upstream)
  }
}

/** As a proxy that cannot reach the host. */
function refuse(socket: Duplex, host: string): void {
  socket.end(`HTTP/1.1 502 Could not reach ${host.replaceAll(/[^\w.:-]/g, '')}\r\nContent-Length: 0\r\n\r\n`)
}
