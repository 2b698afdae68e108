import { INPUT_WINDOW_BYTES } from '../../../protocol/live.ts'
import type { Clock } from '../../../protocol/clock.ts'

/** What may wait for a program that does not read. More is refused, so that memory does not grow: the page keeps it and asks again. */
export const MAX_QUEUED_INPUT_BYTES = INPUT_WINDOW_BYTES

const RETRY_FIRST_MILLISECONDS = 2
const RETRY_LAST_MILLISECONDS = 64

/** Writes as much as the device takes and returns how much that was; 0 when it is full. */
export type WriteSome = (bytes: Buffer) => number

/** Input on its way to a pty. A full device is asked again after a pause that doubles, never in a spin. */
export class InputQueue {
  readonly #write: WriteSome
  readonly #clock: Clock
  #waiting: Buffer[] = []
  #size = 0
  #pause = RETRY_FIRST_MILLISECONDS
  #retry: Disposable | undefined

  constructor(write: WriteSome, clock: Clock) {
    this.#write = write
    this.#clock = clock
  }

  /** False when the input was refused because too much waits already. */
  push(bytes: Buffer): boolean {
    if (this.#size + bytes.length > MAX_QUEUED_INPUT_BYTES) return false
    this.#waiting.push(bytes)
    this.#size += bytes.length
    if (this.#retry === undefined) this.#drain()
    return true
  }

  #drain(): void {
    this.#retry = undefined
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const written = this.#write(head)
      this.#size -= written
      if (written > 0) this.#pause = RETRY_FIRST_MILLISECONDS
      if (written === head.length) {
        this.#waiting.shift()
        continue
      }
      this.#waiting[0] = head.subarray(written)
      if (written > 0) continue
      this.#retry = this.#clock.after(this.#pause, () => this.#drain())
      this.#pause = Math.min(this.#pause * 2, RETRY_LAST_MILLISECONDS)
      return
    }
  }

  [Symbol.dispose](): void {
    this.#retry?.[Symbol.dispose]()
    this.#waiting = []
    this.#size = 0
  }
}
