import { WINDOW_HIGH_BYTES, WINDOW_LOW_BYTES } from '../../../protocol/live.ts'

/**
 * How much of a terminal one page has been sent and has parsed. Nothing is sent beyond WINDOW_HIGH_BYTES unacknowledged; once
 * that is reached sending starts again only below WINDOW_LOW_BYTES, so that a flood comes in long strides rather than drops.
 */
export class ViewerWindow {
  #sent: number
  #acknowledged: number
  #full = false

  constructor(offset: number) {
    this.#sent = offset
    this.#acknowledged = offset
  }

  /** Offset of the next byte to send. */
  get sent(): number {
    return this.#sent
  }

  /** True while the page is too far behind to be sent more. */
  get full(): boolean {
    return this.#full
  }

  /** Bytes that may be sent now. */
  get room(): number {
    return this.#full ? 0 : WINDOW_HIGH_BYTES - (this.#sent - this.#acknowledged)
  }

  advance(bytes: number): void {
    this.#sent += bytes
    if (this.#sent - this.#acknowledged >= WINDOW_HIGH_BYTES) this.#full = true
  }

  /** What lies between is gone: the page goes on from `offset`. */
  skip(offset: number): void {
    this.#sent = offset
    this.#acknowledged = offset
  }

  /** The page has parsed up to `offset`. What was never sent cannot be acknowledged, and an older word changes nothing. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(offset, this.#sent))
    if (this.#sent - this.#acknowledged < WINDOW_LOW_BYTES) this.#full = false
  }
}
