import type { ConnectionPoolSettings } from './specs.ts'

interface HostPool {
  connections: number
  connecting: number
  /** Requests left on each idle connection. */
  idle: number[]
  waiting: Waiter[]
}

interface Waiter {
  start: (requestsLeft: number) => void
  /** Ends the wait without a connection. */
  shed: () => void
}

/** Ends a request; its connection is used again, or closed when it has had its share of requests. */
export type Release = () => void

const turn = (then: () => void): void => void setImmediate(then)

/**
 * One proxy's connections to one cluster, as Envoy's HTTP/1.1 pool counts them: a request without an idle connection is
 * pending until one is there, also while that one is being opened; beyond http1MaxPendingRequests it overflows. A host without
 * any connection gets one even beyond maxConnections. Sources: Envoy conn_pool_base.cc `newStreamImpl`, `tryCreateNewConnection`.
 */
export class ConnectionPool {
  readonly #maxConnections: number
  readonly #maxPending: number
  readonly #maxRequests: number
  readonly #requestsPerConnection: number
  readonly #hosts = new Map<string, HostPool>()
  #connections = 0
  pending = 0
  active = 0
  pendingTotal = 0
  overflows = 0

  constructor(settings: ConnectionPoolSettings) {
    // 0 and absent are both "no limit" to Istio.
    this.#maxConnections = settings.tcp?.maxConnections || Infinity
    this.#maxPending = settings.http?.http1MaxPendingRequests || Infinity
    this.#maxRequests = settings.http?.http2MaxRequests || Infinity
    this.#requestsPerConnection = settings.http?.maxRequestsPerConnection || Infinity
  }

  get remainingPending(): number {
    return Math.max(0, this.#maxPending - this.pending)
  }

  /** Resolves when the request may be sent; undefined: overflow, or the caller left while it was waiting. */
  acquire(host: string, signal: AbortSignal): Promise<Release | undefined> | Release | undefined {
    let pool = this.#hosts.get(host)
    if (pool === undefined) this.#hosts.set(host, (pool = { connections: 0, connecting: 0, idle: [], waiting: [] }))
    if (this.active >= this.#maxRequests) return this.#overflow()
    const left = pool.idle.pop()
    if (left !== undefined) return this.#begin(pool, left)
    if (this.pending >= this.#maxPending) return this.#overflow()
    return this.#wait(pool, signal)
  }

  /** Forgets hosts that are gone. */
  retain(hosts: ReadonlySet<string>): void {
    for (const [key, pool] of this.#hosts) {
      const busy = pool.connections > pool.idle.length || pool.connecting > 0 || pool.waiting.length > 0
      if (hosts.has(key) || busy) continue
      this.#connections -= pool.connections
      this.#hosts.delete(key)
    }
  }

  #overflow(): undefined {
    this.overflows += 1
  }

  #wait(pool: HostPool, signal: AbortSignal): Promise<Release | undefined> {
    this.pending += 1
    this.pendingTotal += 1
    return new Promise((resolve) => {
      const settle = (release: Release | undefined): void => {
        signal.removeEventListener('abort', leave)
        this.pending -= 1
        resolve(release)
      }
      const leave = (): void => {
        pool.waiting = pool.waiting.filter((other) => other !== waiter)
        settle(undefined)
      }
      const waiter: Waiter = {
        start: (left) => settle(this.#begin(pool, left)),
        shed: () => settle(undefined),
      }
      pool.waiting.push(waiter)
      signal.addEventListener('abort', leave, { once: true })
      this.#connect(pool)
    })
  }

  #connect(pool: HostPool): void {
    const needed = pool.waiting.length > pool.connecting
    const allowed = this.#connections < this.#maxConnections || pool.connections + pool.connecting === 0
    if (!needed || !allowed) return
    pool.connecting += 1
    this.#connections += 1
    turn(() => {
      pool.connecting -= 1
      pool.connections += 1
      this.#serve(pool, this.#requestsPerConnection)
    })
  }

  /** Gives a free connection to who waits longest, or keeps it. */
  #serve(pool: HostPool, left: number): void {
    for (let next = pool.waiting.shift(); next !== undefined; next = pool.waiting.shift()) {
      // The limit of requests counts those on connections, so it is looked at again here. Source: `attachStreamToClient`.
      if (this.active < this.#maxRequests) return next.start(left)
      this.overflows += 1
      next.shed()
    }
    pool.idle.push(left)
  }

  #begin(pool: HostPool, left: number): Release {
    this.active += 1
    let released = false
    return () => {
      if (released) return
      released = true
      this.active -= 1
      if (left > 1) return this.#serve(pool, left - 1)
      pool.connections -= 1
      this.#connections -= 1
      this.#connect(pool)
    }
  }
}
