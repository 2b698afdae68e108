import type { Clock } from '../../kubernetes/index.ts'
import { milliseconds } from './duration.ts'
import type { OutlierDetection } from './specs.ts'

/** Envoy's defaults. Source: envoy outlier_detection.proto. */
const DEFAULT_CONSECUTIVE = 5
const DEFAULT_INTERVAL_MILLISECONDS = 10_000
const DEFAULT_BASE_EJECTION_MILLISECONDS = 30_000
const DEFAULT_MAX_EJECTION_PERCENT = 10
const MAX_EJECTION_MILLISECONDS = 300_000

interface Host {
  consecutive5xx: number
  consecutiveGateway: number
  /** How often in a row: the next ejection lasts that many times the base. */
  ejections: number
  /** Monotonic time of the sweep that takes it back; undefined: not ejected. */
  returnsAt: number | undefined
  /** Since when it has been in, for the back-off to wear off. */
  inSince: number
}

/**
 * Passive health of one cluster's hosts as one proxy sees it. Ejected hosts return at the first sweep (every `interval`) after
 * base × ejections; each further sweep in good health takes one ejection off. An ejection that would exceed maxEjectionPercent does
 * not happen, not even of the first host. Sources: Envoy outlier_detection_impl.cc; envoyproxy/envoy pull requests 27624, 27909, 34796.
 */
export class OutlierDetector {
  readonly #clock: Clock
  readonly #limit5xx: number
  readonly #limitGateway: number
  readonly #interval: number
  readonly #base: number
  readonly #maxPercent: number
  readonly #minHealthPercent: number
  readonly #start: number
  readonly #hosts = new Map<string, Host>()
  ejectionsTotal = 0

  constructor(clock: Clock, policy: OutlierDetection) {
    this.#clock = clock
    // 0 switches a detector off; the gateway detector is off unless asked for.
    this.#limit5xx = policy.consecutive5xxErrors ?? DEFAULT_CONSECUTIVE
    this.#limitGateway = policy.consecutiveGatewayErrors ?? 0
    this.#interval = milliseconds(policy.interval) ?? DEFAULT_INTERVAL_MILLISECONDS
    this.#base = milliseconds(policy.baseEjectionTime) ?? DEFAULT_BASE_EJECTION_MILLISECONDS
    this.#maxPercent = policy.maxEjectionPercent || DEFAULT_MAX_EJECTION_PERCENT
    this.#minHealthPercent = policy.minHealthPercent ?? 0
    this.#start = clock.monotonic()
  }

  isEjected(key: string): boolean {
    const host = this.#hosts.get(key)
    if (host?.returnsAt === undefined) return false
    if (this.#clock.monotonic() < host.returnsAt) return true
    host.inSince = host.returnsAt
    host.returnsAt = undefined
    host.consecutive5xx = 0
    host.consecutiveGateway = 0
    return false
  }

  /** The hosts that may be chosen; all of them when fewer than minHealthPercent are healthy (panic; by default never). */
  healthy<T>(hosts: readonly T[], keyOf: (host: T) => string): readonly T[] {
    if (this.#hosts.size === 0) return hosts
    const healthy = hosts.filter((host) => !this.isEjected(keyOf(host)))
    return (100 * healthy.length) / hosts.length < this.#minHealthPercent ? hosts : healthy
  }

  /** Counts an answer (or 503 for a connection that failed, 504 for a time-out) of one of the `size` hosts. */
  record(key: string, status: number, keys: readonly string[]): void {
    let host = this.#hosts.get(key)
    if (status < 500) {
      if (host !== undefined) host.consecutive5xx = host.consecutiveGateway = 0
      return
    }
    if (host === undefined) {
      host = { consecutive5xx: 0, consecutiveGateway: 0, ejections: 0, returnsAt: undefined, inSince: this.#start }
      this.#hosts.set(key, host)
    }
    host.consecutive5xx += 1
    host.consecutiveGateway = status >= 502 && status <= 504 ? host.consecutiveGateway + 1 : 0
    const reached5xx = this.#limit5xx > 0 && host.consecutive5xx >= this.#limit5xx
    const reachedGateway = this.#limitGateway > 0 && host.consecutiveGateway >= this.#limitGateway
    if (!reached5xx && !reachedGateway) return
    host.consecutive5xx = host.consecutiveGateway = 0
    if (!this.isEjected(key)) this.#eject(host, keys)
  }

  #eject(host: Host, keys: readonly string[]): void {
    const active = keys.filter((key) => this.isEjected(key)).length
    if ((100 * (active + 1)) / Math.max(1, keys.length) > this.#maxPercent) return
    const now = this.#clock.monotonic()
    host.ejections = Math.max(0, host.ejections - Math.floor((now - host.inSince) / this.#interval)) + 1
    const until = now + Math.min(this.#base * host.ejections, Math.max(this.#base, MAX_EJECTION_MILLISECONDS))
    host.returnsAt = this.#start + Math.ceil((until - this.#start) / this.#interval) * this.#interval
    this.ejectionsTotal += 1
  }
}
