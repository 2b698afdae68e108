import { signal } from '@preact/signals'
import { decodeFrame, type TerminalFrame } from '../../protocol/live-frames.ts'
import { CLOSE_NO_SESSION, type ClientMessage, type ServerMessage } from '../../protocol/live.ts'
import { ApiError } from './api.ts'
import type { PageClock } from './clock.ts'

const RETRY_FIRST_MILLISECONDS = 250
const RETRY_LAST_MILLISECONDS = 5000
const PING_MILLISECONDS = 15_000
const DEAD_MILLISECONDS = 45_000

/** The part of a WebSocket that is used here. */
export interface LiveSocket {
  binaryType: string
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void
}

export type ConnectionState =
  | { state: 'connecting' }
  | { state: 'connected' }
  | { state: 'waiting'; until: number }
  | { state: 'offline' }
  | { state: 'ended'; reason: 'gone' | 'login' }

export interface LiveOptions {
  open: () => LiveSocket
  ticket: () => Promise<string>
  hello: (ticket: string) => Extract<ClientMessage, { type: 'hello' }>
  message: (message: ServerMessage) => void
  frame: (frame: TerminalFrame) => void
  clock: PageClock
  online: () => boolean
  random?: () => number
}

/** The page's one connection: opens, watches and reopens it until the session is gone or the page is left. */
export class LiveConnection {
  readonly state = signal<ConnectionState>({ state: 'connecting' })
  readonly #options: LiveOptions
  #socket: LiveSocket | undefined
  #attempt = 0
  #heard = 0
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  async connect(): Promise<void> {
    this.#cancelTimer?.()
    if (this.#closed || this.#socket !== undefined) return
    this.state.value = { state: 'connecting' }
    const { open, ticket, hello } = this.#options
    let code: string
    try {
      code = await ticket()
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#end('gone')
      if (error instanceof ApiError && error.status === 401) return this.#end('login')
      return this.#later()
    }
    if (this.#isClosed()) return
    const socket = open()
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => socket.send(JSON.stringify(hello(code))))
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('close', (event) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (event.code === CLOSE_NO_SESSION) this.#end('gone')
      else this.#later()
    })
  }

  /** The network is back or the page is looked at again: no need to wait for the timer. */
  nudge(): void {
    if (this.state.value.state !== 'waiting' && this.state.value.state !== 'offline') return
    this.#attempt = 0
    void this.connect()
  }

  send(message: ClientMessage): boolean {
    return this.#write(JSON.stringify(message))
  }

  sendFrame(frame: Uint8Array<ArrayBuffer>): boolean {
    return this.#write(frame)
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#socket?.close()
    this.#socket = undefined
  }

  #isClosed(): boolean {
    return this.#closed || this.#socket !== undefined
  }

  #write(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#socket === undefined || this.state.value.state !== 'connected') return false
    this.#socket.send(data)
    return true
  }

  #receive(data: unknown): void {
    this.#heard = this.#options.clock.now()
    if (data instanceof ArrayBuffer) {
      const frame = decodeFrame(new Uint8Array(data))
      if (frame !== undefined) this.#options.frame(frame)
      return
    }
    const message = JSON.parse(String(data)) as ServerMessage
    if (message.type === 'welcome') {
      this.#attempt = 0
      this.state.value = { state: 'connected' }
      this.#ping()
    }
    this.#options.message(message)
  }

  #ping(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#options.clock.after(PING_MILLISECONDS, () => {
      const silent = this.#options.clock.now() - this.#heard
      const socket = this.#socket
      if (silent > DEAD_MILLISECONDS && socket !== undefined) {
        this.#socket = undefined
        socket.close()
        return this.#later()
      }
      this.send({ type: 'ping' })
      this.#ping()
    })
  }

  #later(): void {
    if (this.#closed) return
    const { clock, online, random = Math.random } = this.#options
    const longest = Math.min(RETRY_LAST_MILLISECONDS, RETRY_FIRST_MILLISECONDS * 2 ** this.#attempt++)
    const wait = Math.round(longest * (0.75 + random() * 0.25))
    this.state.value = online() ? { state: 'waiting', until: clock.now() + wait } : { state: 'offline' }
    this.#cancelTimer?.()
    this.#cancelTimer = clock.after(wait, () => void this.connect())
  }

  #end(reason: 'gone' | 'login'): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.state.value = { state: 'ended', reason }
  }
}
