import type { KubeObject } from '../kubernetes/index.ts'
import { manager, type Controller } from './controller.ts'

// kube-apiserver --event-ttl
const eventLifeMilliseconds = 60 * 60_000
const sweepMilliseconds = 60_000

/** Events are forgotten an hour after they were last told. */
export const eventExpiry: Controller = ({ api, clock, report }) => {
  let timer: Disposable
  const sweep = (): void => {
    const limit = clock.now() - eventLifeMilliseconds
    for (const event of api.list('events')) {
      if (lastTold(event) >= limit) continue
      const { namespace, name } = event.metadata
      api.delete('events', namespace, name, { manager }).catch((error: unknown) => report?.(error, name))
    }
    timer = clock.after(sweepMilliseconds, sweep)
  }
  timer = clock.after(sweepMilliseconds, sweep)
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}

function lastTold({ lastTimestamp, series, eventTime, metadata }: KubeObject): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp)
}
