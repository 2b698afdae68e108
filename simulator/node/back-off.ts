import type { Clock } from '../kubernetes/index.ts'

// pkg/kubelet: MaxContainerBackOff and its start; forgotten after twice the ceiling without a failure.
const firstMilliseconds = 10_000
const ceilingMilliseconds = 300_000
const forgetMilliseconds = 2 * ceilingMilliseconds

/** client-go util/flowcontrol Backoff for one key: the first try is free, then 10 s, 20 s … 5 min. */
export class BackOff {
  #duration = 0
  #last = -Infinity
  readonly #clock: Clock

  constructor(clock: Clock, failures = 0) {
    this.#clock = clock
    for (let i = 0; i < failures; i++) this.next()
  }

  /** Milliseconds that are still to be waited, counted from the failure (monotonic). */
  remaining(failedAt: number): number {
    if (failedAt - this.#last > forgetMilliseconds) this.#duration = 0
    return Math.max(0, failedAt + this.#duration - this.#clock.monotonic())
  }

  get seconds(): number {
    return this.#duration / 1000
  }

  /** To be called when the wait is over and the next try begins. */
  next(): void {
    this.#duration = this.#duration === 0 ? firstMilliseconds : Math.min(this.#duration * 2, ceilingMilliseconds)
    this.#last = this.#clock.monotonic()
  }
}

/** `10s`, `1m20s`, `5m0s`: Go's time.Duration. */
export function goDuration(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
