import { createHash } from 'node:crypto'
import { header, type Headers, type HttpRequest, type Random } from '../../kubernetes/index.ts'
import { milliseconds } from './duration.ts'
import type { LoadBalancerSettings } from './specs.ts'

type ConsistentHash = NonNullable<LoadBalancerSettings['consistentHash']>

export interface Choice<T> {
  host: T
  /** For the answer: the cookie that keeps this client at this host. */
  setCookie?: string
}

const digest = (text: string): string => createHash('sha1').update(text).digest('hex')

function cookie(headers: Headers, name: string): string | undefined {
  for (const pair of (header(headers, 'cookie') ?? '').split(/;\s*/)) {
    const [key, value = ''] = pair.split('=', 2)
    if (key === name) return value.replaceAll('"', '')
  }
  return undefined
}

interface HashKey {
  key: string | undefined
  setCookie?: string
}

function hashKey(settings: ConsistentHash, request: HttpRequest, sourceIp: string, random: Random): HashKey {
  if (settings.httpHeaderName) return { key: header(request.headers, settings.httpHeaderName.toLowerCase()) }
  if (settings.useSourceIp === true) return { key: sourceIp }
  if (settings.httpQueryParameterName) {
    const query = new URLSearchParams(request.path.split('?', 2)[1] ?? '')
    return { key: query.get(settings.httpQueryParameterName) ?? undefined }
  }
  if (settings.httpCookie === undefined) return { key: undefined }
  const { name, ttl, path } = settings.httpCookie
  const known = cookie(request.headers, name)
  const lifetime = milliseconds(ttl)
  if (known !== undefined || lifetime === undefined) return { key: known }
  const key = digest(random.uuid()).slice(0, 16)
  const age = lifetime > 0 ? `; Max-Age=${Math.round(lifetime / 1000)}` : ''
  return { key, setCookie: `${name}="${key}"${age}${path ? `; Path=${path}` : ''}; HttpOnly` }
}

/** Chooses among the healthy hosts of one cluster. Default LEAST_REQUEST, as Istio sets it: the less busy of two drawn at random. */
export class Balancer {
  readonly #settings: LoadBalancerSettings
  readonly #random: Random
  #turn: number

  constructor(settings: LoadBalancerSettings | undefined, random: Random) {
    this.#settings = settings ?? {}
    this.#random = random
    this.#turn = random.below(1000)
  }

  choose<T>(
    hosts: readonly T[],
    keyOf: (host: T) => string,
    busy: (key: string) => number,
    request: HttpRequest,
    sourceIp: string,
  ): Choice<T> | undefined {
    const at = (index: number): Choice<T> | undefined => {
      const host = hosts[index]
      return host === undefined ? undefined : { host }
    }
    if (hosts.length <= 1 && this.#settings.consistentHash === undefined) return at(0)
    if (this.#settings.consistentHash !== undefined) return this.#byHash(hosts, keyOf, request, sourceIp)
    if (this.#settings.simple === 'ROUND_ROBIN') return at(this.#turn++ % hosts.length)
    if (this.#settings.simple === 'RANDOM') return at(this.#random.below(hosts.length))
    const [a, b] = [this.#random.below(hosts.length), this.#random.below(hosts.length)]
    const load = (index: number): number => busy(keyOf(hosts[index] as T))
    return load(b) < load(a) ? at(b) : at(a)
  }

  /** Rendezvous hashing: like Envoy's ring it moves few keys when hosts come and go. Without a key the choice is random. */
  #byHash<T>(hosts: readonly T[], keyOf: (host: T) => string, request: HttpRequest, sourceIp: string) {
    const { key, setCookie } = hashKey(this.#settings.consistentHash ?? {}, request, sourceIp, this.#random)
    const random = hosts[this.#random.below(hosts.length)]
    const ranked = key === undefined ? [] : hosts.map((host) => ({ host, rank: digest(`${key} ${keyOf(host)}`) }))
    const host = ranked.toSorted((a, b) => (a.rank < b.rank ? 1 : -1))[0]?.host ?? random
    if (host === undefined) return undefined
    return setCookie === undefined ? { host } : { host, setCookie }
  }
}
