import type { Api, Clock, Random } from '../kubernetes/index.ts'

/** What every controller is handed. */
export interface ControllerContext {
  api: Api
  clock: Clock
  random: Random
  /** Told of faults of ours; refusals of the API are only tried again. */
  report?: ((error: unknown, key: string) => void) | undefined
}

/** Starts a controller; disposing it ends its watches, queue and timers. */
export type Controller = (context: ControllerContext) => Disposable

export const manager = 'kube-controller-manager'

/** Disposes several things as one. */
export function together(parts: readonly Disposable[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const part of parts) part[Symbol.dispose]()
    },
  }
}
