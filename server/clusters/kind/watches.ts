import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, ClusterNotice } from '../provider.ts'
import { watchApi } from './watch-api.ts'

const FIRST_RETRY_MILLISECONDS = 50
const LAST_RETRY_MILLISECONDS = 2000

/** Streams of clusters' changes, over the times in which their API does not answer. */
export class KindWatches {
  readonly #find: (id: string) => Promise<Cluster | undefined>
  readonly #log: (error: unknown, about: string) => void
  readonly #open = new Map<string, Set<AbortController>>()

  constructor(find: (id: string) => Promise<Cluster | undefined>, log: (error: unknown, about: string) => void) {
    this.#find = find
    this.#log = log
  }

  follow(id: string, listener: (notice: ClusterNotice) => void): Disposable {
    const stop = new AbortController()
    const tell = (notice: ClusterNotice) => {
      if (!stop.signal.aborted) listener(notice)
    }
    this.#follow(id, stop.signal, tell).catch((error: unknown) => {
      if (!stop.signal.aborted) this.#log(error, `following cluster ${id}`)
    })
    return { [Symbol.dispose]: () => stop.abort() }
  }

  /** The cluster was deleted, reset or woken: its streams begin again, and learn which. */
  cut(id: string): void {
    for (const stream of this.#open.get(id) ?? []) stream.abort()
  }

  async #follow(id: string, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<void> {
    let away = false
    let wait = FIRST_RETRY_MILLISECONDS
    while (!signal.aborted) {
      try {
        const cluster = await this.#find(id)
        if (cluster === undefined) return tell({ type: 'GONE' })
        await this.#watch(cluster, signal, (change) => {
          away = false
          wait = FIRST_RETRY_MILLISECONDS
          tell(change)
        })
      } catch (error) {
        // An API that does not answer is told as AWAY, once; only the first reason says something new.
        if (!away && !signal.aborted && !isAbort(error)) this.#log(error, `following cluster ${id}`)
      }
      if (signal.aborted) return
      if (!away) tell({ type: 'AWAY' })
      away = true
      await sleep(wait, undefined, { signal, ref: false })
      wait = Math.min(LAST_RETRY_MILLISECONDS, wait * 2)
    }
  }

  async #watch(cluster: Cluster, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<void> {
    const stream = new AbortController()
    const streams = this.#open.get(cluster.id) ?? new Set()
    this.#open.set(cluster.id, streams.add(stream))
    try {
      await watchApi(cluster.credentials('grader'), AbortSignal.any([signal, stream.signal]), tell)
    } finally {
      streams.delete(stream)
      if (streams.size === 0) this.#open.delete(cluster.id)
    }
  }
}

const isAbort = (error: unknown) => (error as Error).name === 'AbortError'
