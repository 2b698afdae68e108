import { createInterface } from 'node:readline'
import type { ClusterChange } from '../../../protocol/simulator-host.ts'
import type { ClusterNotice } from '../provider.ts'
import { isNobodyThere, openOverSocket, type HostProcess } from '../../sockets/index.ts'

const FIRST_RETRY_MILLISECONDS = 50
const LAST_RETRY_MILLISECONDS = 2000

/** Streams of clusters' changes, over deaths of their host, which is started again. */
export class ChangeStreams {
  readonly #host: HostProcess
  readonly #log: (error: unknown, about: string) => void
  readonly #open = new Map<string, Set<AbortController>>()

  constructor(host: HostProcess, log: (error: unknown, about: string) => void = () => undefined) {
    this.#host = host
    this.#log = log
  }

  follow(id: string, listener: (notice: ClusterNotice) => void): Disposable {
    const stop = new AbortController()
    void this.#follow(id, stop.signal, (notice) => {
      if (!stop.signal.aborted) listener(notice)
    })
    return { [Symbol.dispose]: () => stop.abort() }
  }

  /** The cluster was deleted or made anew: its streams begin again, and learn which. */
  cut(id: string): void {
    for (const stream of this.#open.get(id) ?? []) stream.abort()
  }

  async #follow(id: string, signal: AbortSignal, tell: (notice: ClusterNotice) => void): Promise<void> {
    let away = false
    let wait = FIRST_RETRY_MILLISECONDS
    while (!signal.aborted) {
      try {
        const isThere = await this.#read(id, signal, (change) => {
          away = false
          wait = FIRST_RETRY_MILLISECONDS
          tell(change)
        })
        if (!isThere) return tell({ type: 'GONE' })
      } catch (error) {
        // That the host died, the stream was cut or the watcher was disposed is no news: all of them end in the loop's next turn.
        if (!isNobodyThere(error) && !isAbort(error)) this.#log(error, `following cluster ${id}`)
      }
      if (signal.aborted) return
      if (!away) tell({ type: 'AWAY' })
      away = true
      await pause(wait, signal)
      wait = Math.min(LAST_RETRY_MILLISECONDS, wait * 2)
    }
  }

  /** Reads one stream to its end; false when there is no such cluster. */
  async #read(id: string, signal: AbortSignal, tell: (change: ClusterChange) => void): Promise<boolean> {
    await this.#host.ensure()
    const stream = new AbortController()
    const streams = this.#open.get(id) ?? new Set()
    this.#open.set(id, streams.add(stream))
    try {
      const response = await openOverSocket(this.#host.socket, {
        path: `/clusters/${encodeURIComponent(id)}/changes`,
        signal: AbortSignal.any([signal, stream.signal]),
      })
      if (response.statusCode === 404) {
        response.destroy()
        return false
      }
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
      for await (const line of createInterface({ input: response }))
        if (line !== '') tell(JSON.parse(line) as ClusterChange)
      return true
    } finally {
      streams.delete(stream)
      if (streams.size === 0) this.#open.delete(id)
    }
  }
}

function isAbort(error: unknown): boolean {
  return (error as Error).name === 'AbortError'
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    signal.addEventListener('abort', done)
  })
}
