import { duplexPair, type Duplex } from 'node:stream'
import type { HttpHandler } from '../programs/program.ts'
import { serveHttpOn } from './http-duplex.ts'

export type Listener = { kind: 'http'; handler: HttpHandler } | { kind: 'tcp'; handler: (connection: Duplex) => void }

/** The ports that the programs of one pod listen on. */
export class Listeners {
  readonly #ports = new Map<number, Listener>()

  open(port: number, listener: Listener): Disposable {
    if (this.#ports.has(port)) throw new Error(`listen tcp :${port}: bind: address already in use`)
    this.#ports.set(port, listener)
    return {
      [Symbol.dispose]: () => {
        if (this.#ports.get(port) === listener) this.#ports.delete(port)
      },
    }
  }

  at(port: number): Listener | undefined {
    return this.#ports.get(port)
  }

  /** One connection of bytes to a port, as port-forward makes it; undefined when nothing listens. */
  connect(port: number): Duplex | undefined {
    const listener = this.#ports.get(port)
    if (listener === undefined) return undefined
    const [near, far] = duplexPair()
    if (listener.kind === 'tcp') listener.handler(far)
    else serveHttpOn(far, port, listener.handler)
    return near
  }
}
