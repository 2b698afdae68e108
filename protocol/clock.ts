/** Time, injected into every process: tests turn it by hand. */
export interface Clock {
  /** Wall time in milliseconds since 1970, for timestamps on objects. */
  now(): number
  /** Monotonic milliseconds, for durations and deadlines. */
  monotonic(): number
  /** Calls back after that many milliseconds; disposing cancels. Never keeps the process alive by itself. */
  after(milliseconds: number, callback: () => void): Disposable
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

/** A clock that stands still until `advance` is called; due callbacks run in order of their time. */
export class ManualClock implements Clock {
  #now: number
  #monotonic = 0
  #timers: { at: number; callback: () => void }[] = []

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(milliseconds: number, callback: () => void): Disposable {
    const timer = { at: this.#monotonic + Math.max(0, milliseconds), callback }
    this.#timers.push(timer)
    return {
      [Symbol.dispose]: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Lets time pass, with pending promises given a turn between callbacks. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now += next.at - this.#monotonic
      this.#monotonic = next.at
      next.callback()
    }
    this.#now += end - this.#monotonic
    this.#monotonic = end
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(clock: Pick<Clock, 'now'>): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
}
