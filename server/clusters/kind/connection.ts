import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import { authorizationOf, tlsOf, type Credentials } from '../credentials.ts'
import { textOf } from './bounds.ts'

const CONNECT_MILLISECONDS = 5000
const PING_MILLISECONDS = 2000
/** An API server that says nothing for so long is away, though its connection stands: a frozen node looks like that. */
const SILENCE_MILLISECONDS = 5000
const ANSWER_MILLISECONDS = 10_000
/** API servers take 100 streams on a connection. */
export const STREAMS_PER_CONNECTION = 80

export interface Answer {
  status: number
  stream: ClientHttp2Stream
}

/** One HTTP/2 connection to a Kubernetes API, for many watches at once. It ends by itself when the server falls silent. */
export class ApiConnection implements Disposable {
  readonly #session: ClientHttp2Session
  readonly #headers: Record<string, string>
  readonly #timer: NodeJS.Timeout
  /** Rejects when the connection ends, with the reason. */
  readonly ended: Promise<never>
  open = 0

  constructor(credentials: Credentials) {
    this.#headers = authorizationOf(credentials)
    this.#session = connect(credentials.server, {
      ...tlsOf(credentials),
      timeout: CONNECT_MILLISECONDS,
      settings: { enablePush: false },
    })
    let reason: Error | undefined
    this.ended = new Promise<never>((_, reject) => {
      this.#session.on('error', (error) => (reason ??= error))
      this.#session.on('close', () => reject(reason ?? new Error('the API server closed the connection')))
    })
    this.ended.catch(() => undefined)
    const silent = () =>
      this.#session.destroy(new Error(`the API server said nothing for ${SILENCE_MILLISECONDS / 1000} s`))
    let silence = setTimeout(silent, SILENCE_MILLISECONDS)
    this.#timer = setInterval(() => {
      if (this.#session.destroyed || this.#session.connecting) return
      this.#session.ping((error) => {
        if (error !== null) return
        clearTimeout(silence)
        silence = setTimeout(silent, SILENCE_MILLISECONDS)
      })
    }, PING_MILLISECONDS)
    this.#session.on('close', () => {
      clearInterval(this.#timer)
      clearTimeout(silence)
    })
  }

  /** @throws when no answer came; an answer of any status is an answer */
  get(path: string, accept: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(
        { [constants.HTTP2_HEADER_PATH]: path, accept, ...this.#headers },
        { signal, endStream: true },
      )
      this.open += 1
      const late = setTimeout(() => stream.destroy(new Error(`no answer to GET ${path}`)), ANSWER_MILLISECONDS)
      stream.on('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
        clearTimeout(late)
        resolve({ status: headers[':status'] ?? 0, stream })
      })
      stream.on('error', reject)
      stream.on('close', () => {
        clearTimeout(late)
        this.open -= 1
        reject(new Error(`no answer to GET ${path}`))
      })
    })
  }

  /** @throws when the answer is none, is too large, or is of another status than 200 */
  async json(path: string, accept: string, signal: AbortSignal): Promise<unknown> {
    const { status, stream } = await this.get(path, accept, signal)
    const text = await textOf(stream)
    if (status !== 200) throw new Error(`the API server answered ${status} to GET ${path}`)
    return JSON.parse(text)
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}
