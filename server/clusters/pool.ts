import { randomBytes } from 'node:crypto'
import type { Clock } from '../../protocol/clock.ts'
import type { Cluster, ClusterProvider } from './provider.ts'
import type { Shape, Wanted } from './shape.ts'
import { SpareClusters, type Stillness } from './spares.ts'

export interface Claim {
  cluster: Cluster
  /** What the shape prepares is done. */
  isPrepared: boolean
}

/** Clusters made before anyone asks, so that a session's cluster is there at once. A spare knows no learner. */
export interface ClusterPool extends AsyncDisposable {
  /** A cluster that nobody else gets: a spare of that shape, or one made to order. `onWait` hears a sentence when it takes longer. */
  claim(shape: Shape, signal: AbortSignal, onWait?: (sentence: string) => void): Promise<Claim>
  /** After a start: clusters that are there and that no session holds become spares, as many as are wanted; the rest is ended. */
  adopt(held: ReadonlySet<string>): Promise<void>
}

export interface PoolOptions {
  /** What is wanted now. Asked again after every claim and every minute. */
  wanted(this: void): Promise<readonly Wanted[]> | readonly Wanted[]
  clock: Clock
  /** How long a spare may take to be made. */
  createMilliseconds?: number
  /** Spares stand still until they are claimed. */
  still?: Stillness
  /** False while the machine has other work: no spare is begun then. */
  isIdle?(this: void): boolean
  /** For what goes wrong while nobody waits for it. */
  onError(this: void, error: unknown): void
}

const CREATE_TIMEOUT_MILLISECONDS = 60_000
const TEND_MILLISECONDS = 60_000
/** After that a spare is made anew: images, certificates and what nodes remember grow old. */
const MAXIMUM_AGE_MILLISECONDS = 24 * 60 * 60_000
/** What is nearly made is waited for when the pool is closed; what takes longer is given up. */
const CLOSE_MILLISECONDS = 1000

export function createPool(provider: ClusterProvider, options: PoolOptions): ClusterPool {
  return new Pool(provider, options)
}

class Pool implements ClusterPool {
  readonly #provider: ClusterProvider
  readonly #options: PoolOptions
  readonly #spares: SpareClusters
  /** Made by this pool: a claim may come while `adopt` still looks around, and its cluster is not a loose one. */
  readonly #made = new Set<string>()
  readonly #stop = new AbortController()
  /** The spare that is being made. */
  #making: { key: string; done: Promise<unknown>; isAwaited: boolean } | undefined
  /** Clusters that are being made to order. */
  #orders = 0
  #tending: Promise<void> | undefined
  #isStale = false
  #adopting: Promise<void> | undefined
  #timer: Disposable | undefined
  #closed = false

  constructor(provider: ClusterProvider, options: PoolOptions) {
    this.#provider = provider
    this.#options = options
    this.#spares = new SpareClusters(provider, options.clock, options.still)
  }

  async claim(shape: Shape, signal: AbortSignal, onWait: (sentence: string) => void = () => {}): Promise<Claim> {
    const cluster = (await this.#take(shape, signal)) ?? (await this.#awaitNext(shape, signal, onWait))
    const claim = cluster === undefined ? await this.#order(shape, signal, onWait) : { cluster, isPrepared: true }
    this.#tend()
    return claim
  }

  adopt(held: ReadonlySet<string>): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const adopting = this.#adopt(held)
    // What fails is the caller's to hear; closing only waits for the end.
    this.#adopting = adopting.catch(() => undefined)
    return adopting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    const late = this.#options.clock.after(CLOSE_MILLISECONDS, () => this.#stop.abort(new Error('the pool is closed')))
    await this.#adopting
    await this.#tending
    late[Symbol.dispose]()
    await Promise.all(this.#spares.removeAll().map((id) => this.#end(id)))
  }

  async #adopt(held: ReadonlySet<string>): Promise<void> {
    const wanted = await this.#options.wanted()
    for (const id of await this.#provider.list()) {
      if (held.has(id) || this.#made.has(id)) continue
      const match = wanted.find(({ shape }) => shape.key === keyOf(id))
      const isWanted = !this.#closed && match !== undefined && this.#spares.count(match.shape.key) < match.size
      if (!isWanted || !(await this.#adoptOne(id, match.shape))) await this.#end(id)
    }
    this.#tend()
  }

  /** Whoever made it may have died before it was prepared. */
  async #adoptOne(id: string, shape: Shape): Promise<boolean> {
    try {
      const cluster = await this.#provider.find(id)
      if (cluster === undefined) return false
      if (shape.prepare !== undefined) await this.#options.still?.resume(id)
      await this.#prepare(shape, cluster)
      return true
    } catch (error) {
      this.#options.onError(error)
      return false
    }
  }

  /** @throws when it was given up; the spare that was woken for it is nobody's then, and ends */
  async #take(shape: Shape, signal: AbortSignal): Promise<Cluster | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const spare = this.#spares.shift(shape.key)
      if (spare === undefined) return undefined
      const problem = await this.#spares.wake(spare)
      if (problem === undefined && !signal.aborted) return spare
      if (problem !== undefined) this.#options.onError(problem)
      await this.#end(spare.id)
    }
  }

  /** The spare that is being made belongs to the first who waits for it; the others do not wait for what they will not get. */
  async #awaitNext(
    shape: Shape,
    signal: AbortSignal,
    onWait: (sentence: string) => void,
  ): Promise<Cluster | undefined> {
    const making = this.#making
    if (making?.key !== shape.key || making.isAwaited) return undefined
    making.isAwaited = true
    onWait('the next prepared cluster is being made, and is waited for')
    try {
      await Promise.race([making.done.catch(() => undefined), given(signal), given(this.#stop.signal)])
    } finally {
      making.isAwaited = false
    }
    return this.#take(shape, signal)
  }

  /** What cannot be ended now is nobody's, and ends when the server starts again. */
  async #end(id: string): Promise<void> {
    await this.#provider.delete(id).catch(this.#options.onError)
  }

  async #order(shape: Shape, signal: AbortSignal, onWait: (sentence: string) => void): Promise<Claim> {
    if (this.#orders > 0)
      onWait(`${this.#orders} other ${this.#orders === 1 ? 'cluster is' : 'clusters are'} made first`)
    this.#orders += 1
    try {
      return { cluster: await this.#create(shape, signal), isPrepared: false }
    } finally {
      this.#orders -= 1
    }
  }

  #create(shape: Shape, signal: AbortSignal): Promise<Cluster> {
    const id = `${shape.key}-${randomBytes(5).toString('hex')}`
    this.#made.add(id)
    return this.#provider.create(id, signal, shape.options)
  }

  /** Brings the spares together with what is wanted. One at a time; what fails is tried again with the next look. */
  #tend(): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#closed) return
    this.#timer = this.#options.clock.after(TEND_MILLISECONDS, () => this.#tend())
    if (this.#tending !== undefined) {
      this.#isStale = true
      return
    }
    this.#isStale = false
    this.#tending = this.#bringTogether()
      .catch(this.#options.onError)
      .finally(() => {
        this.#tending = undefined
        if (this.#isStale) this.#tend()
      })
  }

  async #bringTogether(): Promise<void> {
    const wanted = await this.#options.wanted()
    for (const id of this.#spares.removeUnwanted(wanted, MAXIMUM_AGE_MILLISECONDS)) await this.#end(id)
    for (const { shape, size } of wanted)
      // One shape that cannot be made keeps no other one from being made.
      await this.#fillUp(shape, size).catch(this.#options.onError)
  }

  async #fillUp(shape: Shape, size: number): Promise<void> {
    while (!this.#closed && this.#spares.count(shape.key) < size) {
      if (this.#options.isIdle?.() === false) return
      await this.#fill(shape)
    }
  }

  async #fill(shape: Shape): Promise<void> {
    const limit = AbortSignal.timeout(this.#options.createMilliseconds ?? CREATE_TIMEOUT_MILLISECONDS)
    const making = this.#create(shape, AbortSignal.any([limit, this.#stop.signal])).then((cluster) =>
      this.#prepare(shape, cluster),
    )
    this.#making = { key: shape.key, done: making, isAwaited: false }
    await making.finally(() => (this.#making = undefined))
  }

  /** Makes a spare of a cluster; one that cannot be prepared is nobody's. */
  async #prepare(shape: Shape, cluster: Cluster): Promise<void> {
    try {
      await shape.prepare?.(cluster, this.#stop.signal)
      await this.#options.still?.pause(cluster.id)
      this.#spares.add(shape.key, cluster)
    } catch (error) {
      await this.#end(cluster.id)
      throw error
    }
  }
}

/** Rejects when it is given up. */
function given(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

const keyOf = (id: string) => id.slice(0, id.lastIndexOf('-'))
