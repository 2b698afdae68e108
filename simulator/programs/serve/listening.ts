import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { answering } from '../http-server.ts'
import type { HttpHandler } from '../program.ts'

/** Answers that are under way get this long to end once the program is told to: well below a pod's usual 30 s of grace. */
const LAST_ANSWERS_MILLISECONDS = 5000

export interface ListeningOptions {
  /** Absent: every address. */
  host?: string
  /** Where a port that the program names is really opened; absent: there. */
  portOf?: (port: number) => number
  /** A port is open. */
  opened?: (port: number, address: AddressInfo) => void
  /** A port cannot be opened. */
  failed: (error: Error) => void
}

/** The real ports of one program. */
export class Listening {
  readonly #options: ListeningOptions
  readonly #closing = new Set<Promise<void>>()

  constructor(options: ListeningOptions) {
    this.#options = options
  }

  http(port: number, handler: HttpHandler): Disposable {
    const server = createHttpServer(answering(port, handler))
    // A caller that would keep its connection for the next request is let go after its answer.
    const release = (): void => void setImmediate(() => server.listening || server.closeIdleConnections())
    server.on('request', (_request, response) => response.once('finish', release))
    const end = (): void => {
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MILLISECONDS).unref()
    }
    return this.#open(server, port, end)
  }

  tcp(port: number, handler: (connection: Duplex) => void): Disposable {
    return this.#open(createServer(handler), port, () => {})
  }

  /** Resolves when the last answer on the ports that were closed was given. */
  async done(): Promise<void> {
    await Promise.all(this.#closing)
  }

  #open(server: Server, port: number, end: () => void): Disposable {
    const { host, portOf = (same) => same, opened, failed } = this.#options
    server.once('error', (error: NodeJS.ErrnoException) => failed(inWords(error, port)))
    server.listen({ port: portOf(port), ...(host === undefined ? {} : { host }) }, () =>
      opened?.(port, server.address() as AddressInfo),
    )
    return {
      [Symbol.dispose]: () => {
        this.#closing.add(new Promise((resolve) => void server.close(() => resolve())))
        end()
      },
    }
  }
}

function inWords(error: NodeJS.ErrnoException, port: number): Error {
  const reasons: Record<string, string> = { EADDRINUSE: 'address already in use', EACCES: 'permission denied' }
  return new Error(`listen tcp :${port}: bind: ${reasons[error.code ?? ''] ?? error.message}`, { cause: error })
}
