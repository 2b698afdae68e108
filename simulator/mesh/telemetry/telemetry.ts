import type { Clock } from '../../kubernetes/index.ts'

/** One end of a request, as Istio's standard metrics name it. */
export interface Peer {
  workload: string
  namespace: string
  principal: string
  app: string
  version: string
}

/** What requests are counted by. */
export interface RequestLabels {
  reporter: 'source' | 'destination'
  /** Uid of the pod whose proxy reports. */
  proxy: string
  source: Peer
  destination: Peer
  /** Host of the service that was called; `unknown` for passthrough. */
  service: string
  protocol: 'http' | 'tcp'
  /** 0 when there was no answer. */
  code: number
  flags: string
  mutualTls: boolean
}

export interface RequestRecord extends RequestLabels {
  count: number
  milliseconds: number
}

export interface Telemetry {
  record(labels: RequestLabels, milliseconds: number): void
  /** Requests by labels since that wall time (to the second, for at most the last ten minutes). */
  requestsSince(time: number): RequestRecord[]
  /** All since the proxies began, for counters; of one proxy or of all. */
  totals(proxy?: string): RequestRecord[]
}

const BUCKET_MILLISECONDS = 1000
const KEPT_BUCKETS = 600
/** Above this many series the ones silent for longest are forgotten. */
const MAX_SERIES = 5000

/** Counts requests in memory that does not grow: buckets of a second for ten minutes, and totals of a bounded number of series. */
export function createTelemetry({ clock }: { clock: Clock }): Telemetry {
  const series = new Map<string, RequestRecord>()
  let buckets: {
    start: number
    counts: Map<string, { labels: RequestLabels; count: number; milliseconds: number }>
  }[] = []

  const keyOf = ({ source, destination, ...rest }: RequestLabels): string =>
    [...Object.values(rest), ...Object.values(source), ...Object.values(destination)].join('\u0000')

  const bucketNow = () => {
    const start = Math.floor(clock.now() / BUCKET_MILLISECONDS) * BUCKET_MILLISECONDS
    const last = buckets.at(-1)
    if (last?.start === start) return last
    const bucket = { start, counts: new Map() }
    const oldest = start - KEPT_BUCKETS * BUCKET_MILLISECONDS
    buckets = [...buckets.filter((one) => one.start > oldest), bucket]
    return bucket
  }

  return {
    record(labels, milliseconds) {
      const key = keyOf(labels)
      const known = series.get(key) ?? { ...labels, count: 0, milliseconds: 0 }
      known.count += 1
      known.milliseconds += milliseconds
      // Deleting first keeps the map in order of last use.
      series.delete(key)
      series.set(key, known)
      if (series.size > MAX_SERIES) series.delete(series.keys().next().value ?? '')
      const { counts } = bucketNow()
      const recent = counts.get(key) ?? { labels, count: 0, milliseconds: 0 }
      recent.count += 1
      recent.milliseconds += milliseconds
      counts.set(key, recent)
    },
    requestsSince(time) {
      const sums = new Map<string, RequestRecord>()
      for (const { start, counts } of buckets) {
        if (start + BUCKET_MILLISECONDS <= time) continue
        for (const [key, { labels, count, milliseconds }] of counts) {
          const sum = sums.get(key) ?? { ...labels, count: 0, milliseconds: 0 }
          sum.count += count
          sum.milliseconds += milliseconds
          sums.set(key, sum)
        }
      }
      return [...sums.values()]
    },
    totals: (proxy) =>
      [...series.values()].filter((one) => proxy === undefined || one.proxy === proxy).map((one) => ({ ...one })),
  }
}
