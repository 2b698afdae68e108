import { setTimeout as sleep } from 'node:timers/promises'
import { LabwrightError } from '../../protocol/errors/error.ts'
import type { ClusterNotice } from './provider.ts'

const FIRST_RETRY_MILLISECONDS = 50
const LAST_RETRY_MILLISECONDS = 2000

export interface StreamSource {
  /** Reads one stream of a cluster to its end, which its death is too; false when there is no such cluster. */
  read(this: void, id: string, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<boolean>
  /** What ends a stream as a matter of course, and is no news for the log. */
  isExpected(this: void, error: unknown): boolean
  log(this: void, error: unknown, about: string): void
}

/** Streams of clusters' changes, each begun again for as long as its listener wants it. */
export class ClusterStreams {
  readonly #source: StreamSource
  readonly #open = new Map<string, Set<AbortController>>()

  constructor(source: StreamSource) {
    this.#source = source
  }

  follow(id: string, listener: (notice: ClusterNotice) => void): Disposable {
    const stop = new AbortController()
    const tell = (notice: ClusterNotice) => {
      if (!stop.signal.aborted) listener(notice)
    }
    this.#follow(id, stop.signal, tell).catch((error: unknown) => {
      if (!stop.signal.aborted) this.#source.log(error, `following cluster ${id}`)
    })
    return { [Symbol.dispose]: () => stop.abort() }
  }

  /** The cluster was deleted, made anew or woken: its streams begin again, and learn which. */
  cut(id: string): void {
    for (const stream of this.#open.get(id) ?? []) stream.abort()
  }

  async #follow(id: string, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<void> {
    let away = false
    /** Code of the last problem that was told. */
    let told: string | undefined
    let wait = FIRST_RETRY_MILLISECONDS
    while (!signal.aborted) {
      let problem: { code: string; sentence: string } | undefined
      try {
        const isThere = await this.#read(id, signal, (notice) => {
          away = false
          told = undefined
          wait = FIRST_RETRY_MILLISECONDS
          tell(notice)
        })
        if (!isThere) return tell({ type: 'GONE' })
      } catch (error) {
        if (error instanceof LabwrightError) problem = { code: error.code, sentence: error.message }
        // Told as AWAY, once; only the first reason says something new.
        if (!away && !isAbort(error) && !this.#source.isExpected(error))
          this.#source.log(error, `following cluster ${id}`)
      }
      if (signal.aborted) return
      if (!away || problem?.code !== told) tell({ type: 'AWAY', ...(problem === undefined ? {} : { problem }) })
      away = true
      told = problem?.code
      await sleep(wait, undefined, { signal, ref: false })
      wait = Math.min(LAST_RETRY_MILLISECONDS, wait * 2)
    }
  }

  async #read(id: string, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<boolean> {
    const stream = new AbortController()
    const streams = this.#open.get(id) ?? new Set()
    this.#open.set(id, streams.add(stream))
    try {
      return await this.#source.read(id, AbortSignal.any([signal, stream.signal]), tell)
    } finally {
      streams.delete(stream)
      if (streams.size === 0) this.#open.delete(id)
    }
  }
}

const isAbort = (error: unknown) => (error as Error).name === 'AbortError'
