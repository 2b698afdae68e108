import type { Clock } from '../../protocol/clock.ts'
import { ApiError } from './status.ts'

/** Keys to be looked at again: each at most once in the queue, and never twice at the same time. */
export interface WorkQueue extends Disposable {
  add(key: string): void
  /** Adds the key after that many milliseconds; of several the earliest counts. */
  addAfter(key: string, milliseconds: number): void
}

export interface WorkQueueOptions {
  clock: Clock
  /** Brings the world nearer to what the object of that key asks for. A throw brings the key back later. */
  reconcile: (key: string) => void | Promise<void>
  /** Told of throws that are no `ApiError`, and of refusals that are not part of everyday life and do not pass: faults of ours. */
  report?: ((error: unknown, key: string) => void) | undefined
}

// client-go's ItemExponentialFailureRateLimiter; its ceiling of 1000 s would look like a hang in a lab.
const firstRetryMilliseconds = 5
const longestRetryMilliseconds = 30_000
const concurrentKeys = 16
/** Everybody is refused so at times: another was faster, it is gone, its namespace is ending or the quota used up. */
const everyday: readonly string[] = ['Conflict', 'AlreadyExists', 'NotFound', 'Forbidden']
/** A refusal of another kind that came so often in a row is told, once. */
const toldAfterFailures = 5
// So many in one turn of the event loop, then others get theirs.
const keysPerTurn = 64

/** A queue of keys with back-off, as client-go's rate-limited work queue. */
export function createWorkQueue({ clock, reconcile, report }: WorkQueueOptions): WorkQueue {
  const waiting = new Set<string>()
  const active = new Set<string>()
  const failures = new Map<string, number>()
  const timers = new Map<string, { at: number; timer: Disposable }>()
  let disposed = false
  let pumping = false
  let takenThisTurn = 0

  // Counted to the turn's end, not to when nothing waits: a key that brings itself back is taken again before anything else gets its turn.
  const countTaken = (): void => {
    if (takenThisTurn++ > 0) return
    setImmediate(() => {
      takenThisTurn = 0
      pump()
    })
  }

  const run = async (key: string): Promise<void> => {
    try {
      await reconcile(key)
      failures.delete(key)
    } catch (error) {
      if (disposed) return
      const count = failures.get(key) ?? 0
      const isRefusal = error instanceof ApiError
      if (!isRefusal || (count + 1 === toldAfterFailures && !everyday.includes(error.reason))) report?.(error, key)
      failures.set(key, count + 1)
      queue.addAfter(key, Math.min(firstRetryMilliseconds * 2 ** count, longestRetryMilliseconds))
    } finally {
      active.delete(key)
      pump()
    }
  }

  const take = (): void => {
    pumping = false
    for (const key of waiting) {
      if (disposed || active.size >= concurrentKeys) return
      // The turn's end pumps again.
      if (takenThisTurn >= keysPerTurn) return
      if (active.has(key)) continue
      waiting.delete(key)
      active.add(key)
      countTaken()
      void run(key)
    }
  }

  const pump = (): void => {
    if (pumping || disposed || waiting.size === 0) return
    pumping = true
    queueMicrotask(take)
  }

  const queue: WorkQueue = {
    add(key) {
      if (disposed) return
      waiting.add(key)
      pump()
    },
    addAfter(key, milliseconds) {
      if (disposed) return
      const at = clock.monotonic() + milliseconds
      const earlier = timers.get(key)
      if (earlier !== undefined && earlier.at <= at) return
      earlier?.timer[Symbol.dispose]()
      const timer = clock.after(milliseconds, () => {
        timers.delete(key)
        queue.add(key)
      })
      timers.set(key, { at, timer })
    },
    [Symbol.dispose]() {
      disposed = true
      waiting.clear()
      for (const { timer } of timers.values()) timer[Symbol.dispose]()
      timers.clear()
    },
  }
  return queue
}
