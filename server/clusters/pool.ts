import { randomBytes } from 'node:crypto'
import type { Cluster, ClusterProvider, CreateOptions } from './provider.ts'

/** Clusters made before anyone asks, so that a session's cluster is there at once. A spare knows no learner. */
export interface ClusterPool extends AsyncDisposable {
  /** A cluster that nobody else gets: a spare, or one made to order when it has to be more than empty. */
  claim(signal: AbortSignal, options?: CreateOptions): Promise<Cluster>
  /**
   * After a start: clusters that are there and that no session holds become spares, as many as are wanted; the rest is ended.
   */
  adopt(held: ReadonlySet<string>): Promise<void>
}

export interface PoolOptions {
  /** Spares that wait. */
  size: number
  /** How long a spare may take to be made. */
  createMilliseconds?: number
  onError: (error: unknown) => void
}

const CREATE_TIMEOUT_MILLISECONDS = 60_000

export function createPool(provider: ClusterProvider, options: PoolOptions): ClusterPool {
  return new Pool(provider, options)
}

class Pool implements ClusterPool {
  readonly #provider: ClusterProvider
  readonly #size: number
  readonly #createMilliseconds: number
  readonly #onError: (error: unknown) => void
  readonly #spares: Cluster[] = []
  /** Made by this pool: a claim may come while `adopt` still looks around, and its cluster is not a loose one. */
  readonly #made = new Set<string>()
  #filling: Promise<void> | undefined
  #adopting: Promise<void> | undefined
  #closed = false

  constructor(provider: ClusterProvider, { size, createMilliseconds, onError }: PoolOptions) {
    this.#provider = provider
    this.#size = size
    this.#createMilliseconds = createMilliseconds ?? CREATE_TIMEOUT_MILLISECONDS
    this.#onError = onError
  }

  async claim(signal: AbortSignal, options: CreateOptions = {}): Promise<Cluster> {
    if (Object.keys(options).length > 0) return this.#create(signal, options)
    if (this.#spares.length === 0) await this.#filling
    signal.throwIfAborted()
    const cluster = this.#spares.shift() ?? (await this.#create(signal))
    this.#fill()
    return cluster
  }

  adopt(held: ReadonlySet<string>): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const adopting = this.#adopt(held)
    // What fails is the caller's to hear; closing only waits for the end.
    this.#adopting = adopting.catch(() => undefined)
    return adopting
  }

  async #adopt(held: ReadonlySet<string>): Promise<void> {
    for (const id of await this.#provider.list()) {
      if (held.has(id) || this.#made.has(id)) continue
      const isWanted = !this.#closed && this.#spares.length < this.#size
      const spare = isWanted ? await this.#provider.find(id) : undefined
      if (spare === undefined) await this.#provider.delete(id)
      else this.#spares.push(spare)
    }
    this.#fill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#adopting
    await this.#filling
    for (const spare of this.#spares.splice(0)) await this.#provider.delete(spare.id)
  }

  #fill(): void {
    if (this.#filling !== undefined || this.#closed || this.#spares.length >= this.#size) return
    this.#filling = this.#make()
      .catch(this.#onError)
      .finally(() => {
        this.#filling = undefined
      })
  }

  #create(signal: AbortSignal, options: CreateOptions = {}): Promise<Cluster> {
    const id = newId()
    this.#made.add(id)
    return this.#provider.create(id, signal, options)
  }

  async #make(): Promise<void> {
    while (!this.#closed && this.#spares.length < this.#size) {
      const cluster = await this.#create(AbortSignal.timeout(this.#createMilliseconds))
      this.#spares.push(cluster)
    }
  }
}

const newId = () => `c${randomBytes(5).toString('hex')}`
