import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { CLOSE_NOT_ALLOWED, MAX_INPUT_BYTES } from '../../protocol/live.ts'
import type { Clock } from '../../protocol/clock.ts'
import type { TerminalHosts } from '../workspaces/terminal-host/index.ts'
import type { LiveSessions } from './contract.ts'
import { Page } from './page.ts'
import { Tickets } from './tickets.ts'

const HELLO_MILLISECONDS = 10_000
const PING_MILLISECONDS = 15_000
const DEAD_MILLISECONDS = 45_000
/** How long a page may take to say goodbye when the server closes. */
const FAREWELL_MILLISECONDS = 1000
const HEADER_BYTES = 1024

export interface LiveOptions {
  sessions: LiveSessions
  terminals: TerminalHosts
  /** Which pages may connect: the value of the Origin header, never empty. */
  allowedOrigin: (origin: string) => boolean
  clock: Clock
  /** For what went wrong and is nobody's sentence yet. */
  log: (error: unknown, about: string) => void
}

/** Everything at /live: terminals, progress and problems of a session on one connection a page. */
export interface Live {
  /** For `POST /api/sessions/:id/ticket`, after the route has made sure that the session is this person's. */
  ticket(session: string, person: string): string
  /** Takes an HTTP upgrade of /live; refuses a page of another origin with 403. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends all connections, those that do not answer after a second; pages come back by themselves. */
  close(): void
}

export function createLive({ sessions, terminals, allowedOrigin, clock, log }: LiveOptions): Live {
  const tickets = new Tickets(clock)
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_INPUT_BYTES + HEADER_BYTES,
    perMessageDeflate: false,
  })

  const admit = (socket: WebSocket, stream: Duplex): void => {
    const page = new Page(socket, stream, { sessions, terminals, tickets, log })
    const hello = clock.after(HELLO_MILLISECONDS, () => page.admitted || socket.close(CLOSE_NOT_ALLOWED))
    let heard = clock.monotonic()
    let next: Disposable
    const ping = () => {
      next = clock.after(PING_MILLISECONDS, () => {
        if (clock.monotonic() - heard > DEAD_MILLISECONDS) return socket.terminate()
        socket.ping()
        ping()
      })
    }
    ping()
    socket.on('pong', () => (heard = clock.monotonic()))
    socket.on('message', () => (heard = clock.monotonic()))
    // A broken frame or a reset ends this connection and nothing else; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      hello[Symbol.dispose]()
      next[Symbol.dispose]()
    })
  }

  return {
    ticket: (session, person) => tickets.issue(session, person),
    upgrade(request, socket, head) {
      const { origin } = request.headers
      if (origin === undefined || !allowedOrigin(origin)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => admit(webSocket, socket))
    },
    close() {
      for (const socket of server.clients) socket.close(1012)
      server.close()
      clock.after(FAREWELL_MILLISECONDS, () => {
        for (const socket of server.clients) socket.terminate()
      })
    },
  }
}
