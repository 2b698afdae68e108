import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CurlError } from './errors.ts'

/** Where a body goes: standard output, or a file that is made when the first byte comes. */
export class Output {
  readonly #file: string | undefined
  #stream: Writable | undefined
  #failed: Error | undefined

  constructor(file: string | undefined) {
    this.#file = file === '-' ? undefined : file
  }

  get isTerminal(): boolean {
    return this.#file === undefined && process.stdout.isTTY
  }

  async write(bytes: Buffer | string): Promise<void> {
    this.#stream ??= this.#open()
    if (this.#failed === undefined && !this.#stream.write(bytes))
      await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]).catch(() => undefined)
    this.#check()
  }

  async end(): Promise<void> {
    if (this.#stream === undefined || this.#stream === process.stdout) return
    this.#stream.end()
    if (!this.#stream.closed) await once(this.#stream, 'close').catch(() => undefined)
    this.#check()
  }

  #open(): Writable {
    const stream = this.#file === undefined ? process.stdout : createWriteStream(this.#file)
    stream.on('error', (error) => (this.#failed = error))
    return stream
  }

  #check(): void {
    if (this.#failed === undefined) return
    throw new CurlError(23, 'Failure writing output to destination', this.#failed)
  }
}
