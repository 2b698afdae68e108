import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { writeInside } from '../local/inside.ts'
import { runScript } from '../local/run.ts'
import type { FromHost, ToHost } from './messages.ts'

type Work = Extract<ToHost, { type: 'write' | 'script' }>

/** What a server has done in a home beside its terminals: files written, programs run. It ends with the server's connection. */
export class HomeWork implements Disposable {
  readonly #home: string
  readonly #answer: (answer: FromHost) => void
  readonly #running = new Map<number, AbortController>()

  constructor(home: string, answer: (answer: FromHost) => void) {
    this.#home = home
    this.#answer = answer
  }

  take(message: Work | Extract<ToHost, { type: 'cancel' }>): void {
    if (message.type === 'cancel') return this.#running.get(message.request)?.abort()
    const { request } = message
    this.#do(message).then(this.#answer, (error: NodeJS.ErrnoException) => {
      const { message: reason, code } = error
      this.#answer({ type: 'refused', request, reason, ...(code === undefined ? {} : { code }) })
    })
  }

  [Symbol.dispose](): void {
    for (const stop of this.#running.values()) stop.abort()
  }

  async #do(message: Work): Promise<FromHost> {
    const { request } = message
    if (message.type === 'write') {
      const { path: file, text, mode, ifMissing } = message
      if (!ifMissing || !(await isThere(path.join(this.#home, file)))) await writeInside(this.#home, file, text, mode)
      return { type: 'written', request }
    }
    const stop = new AbortController()
    this.#running.set(request, stop)
    try {
      const { timeoutMilliseconds } = message
      return { type: 'ran', request, ...(await runScript(message.shell, { timeoutMilliseconds, signal: stop.signal })) }
    } finally {
      this.#running.delete(request)
    }
  }
}

function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}
