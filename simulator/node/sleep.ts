import type { Clock } from '../kubernetes/index.ts'

/** Resolves to true after that time, to false as soon as the signal fires. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const onAbort = (): void => {
      timer[Symbol.dispose]()
      resolve(false)
    }
    const timer = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(true)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
