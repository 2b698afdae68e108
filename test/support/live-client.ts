import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import {
  ACK,
  ACK_EVERY_MILLISECONDS,
  INPUT,
  OUTPUT,
  type ClientMessage,
  type ServerMessage,
} from '../../protocol/live.ts'
import { decodeFrame, encodeFrame } from '../../protocol/live-frames.ts'
import type { LabCard, SessionView } from '../../protocol/session.ts'

/** A page of the product without a browser: logs in by the start link, talks REST and the live protocol. */
export class LiveClient {
  readonly url: string
  readonly #cookie: string
  #socket: WebSocket | undefined
  /** Number of the last input of each terminal. */
  readonly #sequences = new Map<number, number>()
  readonly #listeners = new Set<(message: ServerMessage) => void>()
  readonly #acknowledged = new Map<number, number>()
  readonly #readers = new Set<(bytes: Uint8Array, offset: number, terminal: number) => void>()

  private constructor(url: string, cookie: string) {
    this.url = url
    this.#cookie = cookie
  }

  /** For requests that `ask` does not make. */
  get cookie(): string {
    return this.#cookie
  }

  static async login(link: string): Promise<LiveClient> {
    const [url, code] = link.split('/#code=') as [string, string]
    const headers = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' }
    const answer = await fetch(`${url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ code }) })
    if (!answer.ok) throw new Error(`login: ${answer.status} ${await answer.text()}`)
    const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0])
    return new LiveClient(url, cookie.join('; '))
  }

  /** Any answer, refusals included. */
  async answer(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<{ status: number; text: string; headers: Headers }> {
    const headers = {
      'content-type': 'application/json',
      cookie: this.#cookie,
      origin: this.url,
      'sec-fetch-site': 'same-origin',
      ...more,
    }
    const answer = await fetch(this.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }

  /** @throws for a refusal */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.answer(method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  view(session: string): Promise<SessionView> {
    return this.ask('GET', `/api/sessions/${session}`)
  }

  /** Presses a task's button and waits for the verdict. */
  async check(session: string, task: string): Promise<SessionView['tasks'][number]> {
    await this.ask('POST', `/api/sessions/${session}/tasks/${task}/check`)
    for (;;) {
      const seen = (await this.view(session)).tasks.find(({ id }) => id === task)!
      if (seen.state !== 'checking') return seen
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Starts the lab and waits until its session is ready. */
  async startSession(lab: string): Promise<SessionView> {
    const { id } = await this.ask<{ id: string }>('POST', '/api/sessions', { lab })
    for (;;) {
      const view = await this.ask<SessionView>('GET', `/api/sessions/${id}`)
      if (view.state === 'ready') return view
      if (view.state === 'failed') throw new Error(view.problem?.sentence)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  labs(): Promise<LabCard[]> {
    return this.ask('GET', '/api/labs')
  }

  async connect(session: string): Promise<ServerMessage & { type: 'welcome' }> {
    const { ticket } = await this.ask<{ ticket: string }>('POST', `/api/sessions/${session}/ticket`)
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/live`, {
      origin: this.url,
      perMessageDeflate: false,
    })
    this.#socket = socket
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    socket.on('message', (data: Buffer, isBinary) => (isBinary ? this.#frame(data) : this.#message(data.toString())))
    const welcome = this.next((message) => message.type === 'welcome')
    this.send({ type: 'hello', session, ticket, page: randomUUID(), terminals: [] })
    return (await welcome) as ServerMessage & { type: 'welcome' }
  }

  send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message))
  }

  /** Types into a terminal. */
  type(terminal: number, text: string): void {
    const sequence = (this.#sequences.get(terminal) ?? 0) + 1
    this.#sequences.set(terminal, sequence)
    this.#socket?.send(encodeFrame({ opcode: INPUT, terminal, sequence, bytes: Buffer.from(text) }))
  }

  onOutput(reader: (bytes: Uint8Array, offset: number, terminal: number) => void): Disposable {
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) }
  }

  /** The first message from now on that fits. */
  next(fits: (message: ServerMessage) => boolean, milliseconds = 30_000): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such message within ${milliseconds} ms`)), milliseconds)
      const listener = (message: ServerMessage): void => {
        if (!fits(message)) return
        clearTimeout(timer)
        this.#listeners.delete(listener)
        resolve(message)
      }
      this.#listeners.add(listener)
    })
  }

  close(): void {
    this.#socket?.close()
  }

  #message(text: string): void {
    const message = JSON.parse(text) as ServerMessage
    for (const listener of new Set(this.#listeners)) listener(message)
  }

  /** As rarely as the page does. */
  #acknowledge(terminal: number, offset: number): void {
    const waiting = this.#acknowledged.size > 0
    this.#acknowledged.set(terminal, offset)
    if (waiting) return
    setTimeout(() => {
      for (const [terminal, offset] of this.#acknowledged)
        this.#socket?.send(encodeFrame({ opcode: ACK, terminal, offset }))
      this.#acknowledged.clear()
    }, ACK_EVERY_MILLISECONDS).unref()
  }

  #frame(data: Buffer): void {
    const frame = decodeFrame(data)
    if (frame?.opcode !== OUTPUT) return
    const { terminal, offset, bytes } = frame
    for (const reader of this.#readers) reader(bytes, offset, terminal)
    this.#acknowledge(terminal, offset + bytes.length)
  }
}
