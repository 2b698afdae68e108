import type { Clock } from '../../protocol/clock.ts'
import { connectApi } from './credentials.ts'
import type { Cluster, ClusterProvider } from './provider.ts'
import type { Wanted } from './shape.ts'

/** Makes clusters stand still and go on. */
export interface Stillness {
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
}

const WAKE_MILLISECONDS = 5000

/** The clusters that wait, by the key of their shape; the oldest is taken first. */
export class SpareClusters {
  readonly #provider: ClusterProvider
  readonly #clock: Clock
  readonly #still: Stillness | undefined
  readonly #spares: { key: string; cluster: Cluster; since: number }[] = []

  constructor(provider: ClusterProvider, clock: Clock, still: Stillness | undefined) {
    this.#provider = provider
    this.#clock = clock
    this.#still = still
  }

  count(key: string): number {
    return this.#spares.filter((spare) => spare.key === key).length
  }

  add(key: string, cluster: Cluster): void {
    this.#spares.push({ key, cluster, since: this.#clock.monotonic() })
  }

  shift(key: string): Cluster | undefined {
    const index = this.#spares.findIndex((spare) => spare.key === key)
    return index < 0 ? undefined : this.#spares.splice(index, 1)[0]!.cluster
  }

  /** Lets a spare go on that stood still. Resolves to what is wrong when it does not answer. */
  async wake({ id }: Cluster): Promise<Error | undefined> {
    if (this.#still === undefined) return undefined
    try {
      await this.#still.resume(id)
      const cluster = await this.#provider.find(id)
      if (cluster === undefined) return new Error(`the spare cluster ${id} is gone`)
      return await answers(cluster)
    } catch (error) {
      return error as Error
    }
  }

  /** Takes out what no one wants any more, and what is too old. Gives their ids. */
  removeUnwanted(wanted: readonly Wanted[], maximumAge: number): string[] {
    const now = this.#clock.monotonic()
    const kept = new Map<string, number>()
    return this.#remove(({ key, since }) => {
      const size = wanted.find(({ shape }) => shape.key === key)?.size ?? 0
      const count = kept.get(key) ?? 0
      if (now - since > maximumAge || count >= size) return true
      kept.set(key, count + 1)
      return false
    })
  }

  removeAll(): string[] {
    return this.#remove(() => true)
  }

  #remove(isOut: (spare: { key: string; since: number }) => boolean): string[] {
    const all = this.#spares.splice(0)
    const out = new Set(all.filter(isOut))
    this.#spares.push(...all.filter((spare) => !out.has(spare)))
    return [...out].map(({ cluster }) => cluster.id)
  }
}

async function answers(cluster: Cluster): Promise<Error | undefined> {
  const api = connectApi(cluster.credentials('grader'))
  try {
    const { status } = await api.request('/readyz', { signal: AbortSignal.timeout(WAKE_MILLISECONDS) })
    return status === 200 ? undefined : new Error(`the spare cluster ${cluster.id} answered ${status}`)
  } finally {
    api[Symbol.dispose]()
  }
}
