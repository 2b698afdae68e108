/** Time as the stores see it: tests turn it by hand. */
export interface PageClock {
  now(): number
  after(milliseconds: number, callback: () => void): () => void
}

export const pageClock: PageClock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}
