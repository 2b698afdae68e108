import { encodeFrame } from '../../protocol/live-frames.ts'
import { INPUT, INPUT_WINDOW_BYTES, MAX_INPUT_BYTES } from '../../protocol/live.ts'
import type { PageClock } from './clock.ts'

/** Longer than a confirmation takes on an ordinary way. */
const SILENCE_FIRST_MILLISECONDS = 500
const SILENCE_LAST_MILLISECONDS = 4000

interface Typed {
  sequence: number
  bytes: Uint8Array
}

/**
 * What was typed into one terminal, until the host has confirmed it. The host refuses what its queue has no room for, and says
 * nothing: what it is silent about goes again, in its order.
 */
export class InputStream {
  readonly #terminal: number
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => boolean
  readonly #clock: PageClock
  #sequence = 0
  #unconfirmed: Typed[] = []
  /** Number of the last input that is on its way. */
  #sent = 0
  #isHeld = false
  #silence = SILENCE_FIRST_MILLISECONDS
  #cancelRetry: (() => void) | undefined

  constructor(terminal: number, send: (frame: Uint8Array<ArrayBuffer>) => boolean, clock: PageClock) {
    this.#terminal = terminal
    this.#send = send
    this.#clock = clock
  }

  type(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES)
      this.#unconfirmed.push({ sequence: ++this.#sequence, bytes: bytes.subarray(at, at + MAX_INPUT_BYTES) })
    this.#flush()
  }

  /** Input up to that number has reached the shell's queue. */
  confirm(sequence: number): void {
    this.#unconfirmed = this.#unconfirmed.filter((input) => input.sequence > sequence)
    this.#silence = SILENCE_FIRST_MILLISECONDS
    this.#cancel()
    this.#flush()
  }

  /** Nothing is sent while it is held. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#flush()
  }

  /** What may not have arrived goes again. */
  resend(): void {
    this.#sent = 0
    this.#cancel()
    this.#flush()
  }

  close(): void {
    this.#cancel()
    this.#unconfirmed = []
  }

  #flush(): void {
    if (this.#isHeld) return
    let underWay = 0
    for (const { sequence, bytes } of this.#unconfirmed) {
      underWay += bytes.length
      if (underWay > INPUT_WINDOW_BYTES) break
      if (sequence <= this.#sent) continue
      if (!this.#send(encodeFrame({ opcode: INPUT, terminal: this.#terminal, sequence, bytes }))) break
      this.#sent = sequence
    }
    if (this.#unconfirmed.length > 0) this.#cancelRetry ??= this.#clock.after(this.#silence, () => this.#retry())
  }

  #retry(): void {
    this.#silence = Math.min(SILENCE_LAST_MILLISECONDS, this.#silence * 2)
    this.resend()
  }

  #cancel(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
  }
}

/**
 * What xterm sends by itself when a program asks it something: where the cursor is, what it is, its colours. A key with the same
 * letters (Shift+F3) is taken for one.
 */
export function isAnswer(bytes: Uint8Array): boolean {
  return /^\u001B(\[[?>]?[\d;]*(\$y|[Rcnt])|[\]P].+)/s.test(new TextDecoder().decode(bytes))
}
