import type { PageClock } from './clock.ts'
import type { LiveSocket } from './live-connection.ts'

/** A clock that is turned by hand. */
export class HandClock implements PageClock {
  #now = 0
  #timers: { at: number; callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback }
    this.#timers.push(timer)
    return () => (this.#timers = this.#timers.filter((other) => other !== timer))
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      await settle()
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.callback()
    }
    this.#now = end
    await settle()
  }
}

/** Lets what was promised happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

type Listener = (event: never) => void

/** The server's end of a socket, moved by hand. */
export class HandSocket implements LiveSocket {
  binaryType = 'blob'
  readonly sent: (string | Uint8Array)[] = []
  closed = false
  readonly #listeners = new Map<string, Listener>()

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener)
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }

  close(): void {
    this.closed = true
  }

  emit(type: 'open' | 'message' | 'close', event: object = {}): void {
    this.#listeners.get(type)?.(event as never)
  }

  say(message: unknown): void {
    this.emit('message', { data: JSON.stringify(message) })
  }

  get messages(): unknown[] {
    return this.sent.filter((data) => typeof data === 'string').map((data) => JSON.parse(data) as unknown)
  }
}
