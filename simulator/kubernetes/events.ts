import type { Api } from './api.ts'
import { timestamp, type Clock } from '../../protocol/clock.ts'
import type { KubeObject } from './object.ts'
import { ApiError } from './status.ts'

/** Writes Event objects about other objects, and counts repetitions instead of writing them anew. */
export interface EventRecorder {
  record(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: { fieldPath?: string; action?: string },
  ): void
}

interface Known {
  namespace: string
  name: string
  count: number
  last: number
}

// client-go tools/record/events_cache.go: repetitions within 10 minutes are one event; more than 10 that differ
// only in their message are combined; 25 in a burst for one object, then one every 5 minutes.
const repeatMilliseconds = 10 * 60_000
const similarMessages = 10
const burst = 25
const refillMilliseconds = 300_000
// Old keys are forgotten when so many are known.
const knownKeys = 4096

export interface EventRecorderOptions {
  api: Api
  clock: Clock
  /** `deployment-controller`, `kubelet`. */
  component: string
  /** Node name, for the kubelet. */
  host?: string
  /** As written through events.k8s.io (the scheduler): eventTime instead of first and last time. */
  modern?: boolean
  /** Told of events that could not be written for other reasons than that their object or namespace is gone or ending. */
  report?: ((error: unknown, about: string) => void) | undefined
}

let serial = 0

/** The recorder of one component. Refused events (namespace gone or ending) are dropped, as everywhere in Kubernetes. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { api, clock } = options
  const known = new Map<string, Promise<Known | undefined>>()
  const similar = new Map<string, { messages: Set<string>; last: number }>()
  const tokens = new Map<string, { left: number; at: number }>()

  const allowed = (uid: string, now: number): boolean => {
    const bucket = tokens.get(uid) ?? { left: burst, at: now }
    const left = Math.min(burst, bucket.left + (now - bucket.at) / refillMilliseconds)
    tokens.set(uid, { left: left < 1 ? left : left - 1, at: now })
    return left >= 1
  }

  const combined = (key: string, message: string, now: number): boolean => {
    const seen = similar.get(key)
    const entry =
      seen === undefined || now - seen.last > repeatMilliseconds ? { messages: new Set<string>(), last: now } : seen
    entry.messages.add(message)
    entry.last = now
    similar.set(key, entry)
    return entry.messages.size > similarMessages
  }

  const forget = (): void => {
    for (const map of [known, similar, tokens]) if (map.size > knownKeys) map.clear()
  }

  return {
    record(about, type, reason, message, { fieldPath, action } = {}) {
      const now = clock.now()
      forget()
      if (!allowed(about.metadata.uid, now)) return
      const similarKey = [about.metadata.uid, fieldPath ?? '', type, reason].join('|')
      const many = combined(similarKey, message, now)
      const key = many ? `${similarKey}|combined` : `${similarKey}|${message}`
      const text = many ? `(combined from similar events): ${message}` : message
      const event = newEvent(options, about, type, reason, text, { fieldPath, action })
      const write = async (): Promise<Known | undefined> => {
        const before = await known.get(key)
        if (before !== undefined && now - before.last <= repeatMilliseconds) {
          const again = await repeat(api, before, text, options)
          if (again !== undefined) return again
        }
        const created = await api.create(event, { manager: options.component })
        return { namespace: created.metadata.namespace ?? '', name: created.metadata.name, count: 1, last: now }
      }
      known.set(
        key,
        write().catch((error: unknown) => {
          // The next one is tried afresh.
          const gone = error instanceof ApiError && ['NotFound', 'Forbidden'].includes(error.reason)
          if (!gone) options.report?.(error, `event ${reason} of ${about.metadata.name}`)
          return undefined
        }),
      )
    },
  }
}

async function repeat(
  api: Api,
  before: Known,
  message: string,
  { clock, modern, component }: EventRecorderOptions,
): Promise<Known | undefined> {
  const count = before.count + 1
  const written = await api.mutate(
    'events',
    before.namespace,
    before.name,
    (event) => {
      event.message = message
      if (modern) event.series = { count, lastObservedTime: microTimestamp(clock) }
      else Object.assign(event, { count, lastTimestamp: timestamp(clock) })
    },
    { manager: component },
  )
  return written === undefined ? undefined : { ...before, count, last: clock.now() }
}

function newEvent(
  { clock, component, host, modern }: EventRecorderOptions,
  about: KubeObject,
  type: string,
  reason: string,
  message: string,
  { fieldPath, action }: { fieldPath: string | undefined; action: string | undefined },
) {
  const { name, namespace, uid, resourceVersion } = about.metadata
  const now = timestamp(clock)
  serial = (serial + 1) % 1_000_000
  const nanoseconds = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(serial)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${nanoseconds.toString(16)}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    reason,
    message,
    type,
    reportingComponent: component,
    reportingInstance: modern ? `${component}-0` : (host ?? ''),
    ...(modern
      ? { eventTime: microTimestamp(clock), action: action ?? reason, source: {} }
      : {
          source: { component, ...(host === undefined ? {} : { host }) },
          firstTimestamp: now,
          lastTimestamp: now,
          count: 1,
        }),
  }
}

/** metav1.MicroTime. */
export function microTimestamp(clock: Pick<Clock, 'now'>): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z')
}
