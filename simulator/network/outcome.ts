import type { CallOutcome, Clock, ConnectionFailure } from '../kubernetes/index.ts'

/** How long Linux goes on sending SYN packets that nobody answers (tcp_syn_retries 6), in milliseconds. */
export const SYN_TIMEOUT_MS = 127_000

export function failed(kind: ConnectionFailure['kind'], message: string, milliseconds = 0): CallOutcome {
  return { ok: false, failure: { kind, message }, milliseconds }
}

/** A packet that nobody answers: over when the caller gives up, or after the kernel's last retry. */
export function silence(clock: Clock, signal: AbortSignal, message: string): Promise<CallOutcome> {
  const started = clock.monotonic()
  return new Promise((resolve) => {
    const end = (): void => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', end)
      resolve(failed('timeout', message, clock.monotonic() - started))
    }
    const timer = clock.after(SYN_TIMEOUT_MS, end)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}

/** A signal that fires when the given one does, or after that time; dispose it when the work is done. */
export function deadline(
  clock: Clock,
  milliseconds: number | undefined,
  parent?: AbortSignal,
): { signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const timer = milliseconds === undefined ? undefined : clock.after(milliseconds, abort)
  if (parent?.aborted) abort()
  else parent?.addEventListener('abort', abort)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      timer?.[Symbol.dispose]()
      parent?.removeEventListener('abort', abort)
    },
  }
}

/** The work, or what `instead` makes of it when the signal fires first. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, instead: () => T): Promise<T> {
  if (signal.aborted) return Promise.resolve(instead())
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(instead())
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
