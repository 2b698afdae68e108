import type { Api, KubeObject } from '../kubernetes/index.ts'
import { isIp } from './addresses.ts'
import { hostnameOf, type ServiceIndex } from './services.ts'

/** What a name leads to: its full name as the server knows it, and addresses. */
export interface DnsAnswer {
  name: string
  addresses: readonly string[]
}

/** A name with fewer dots is tried with the search domains first: `options ndots:5`, as the kubelet writes it. */
const NDOTS = 5
const MAX_ALIASES = 8

export function searchDomains(namespace: string): string[] {
  return [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local']
}

/** Cluster DNS, as a resolver in a pod of that namespace asks it. */
export class ClusterDns {
  readonly #api: Api
  readonly #services: ServiceIndex
  readonly #external: ReadonlyMap<string, string>

  /** `external`: names outside the cluster that exist, with their address. */
  constructor(api: Api, services: ServiceIndex, external: ReadonlyMap<string, string>) {
    this.#api = api
    this.#services = services
    this.#external = external
  }

  /** The answer to a name as typed: search list first for names with few dots; undefined when no candidate exists. */
  lookup(name: string, namespace: string): DnsAnswer | undefined {
    const wanted = name.toLowerCase()
    if (isIp(wanted)) return { name: wanted, addresses: [wanted] }
    for (const candidate of candidates(wanted, namespace)) {
      const answer = this.query(candidate)
      if (answer !== undefined) return answer
    }
    return undefined
  }

  /** One question for a full name. */
  query(name: string, aliases = 0): DnsAnswer | undefined {
    const service = this.#services.named(name)
    if (service !== undefined) return this.#ofService(service, aliases)
    const outside = this.#external.get(name)
    if (outside !== undefined) return { name, addresses: [outside] }
    return this.#ofEndpoint(name) ?? this.#ofPodIp(name)
  }

  #ofService(service: KubeObject, aliases: number): DnsAnswer | undefined {
    const name = hostnameOf(service)
    const { type, externalName, clusterIP, publishNotReadyAddresses } = service['spec'] ?? {}
    if (type === 'ExternalName') {
      if (isIp(externalName)) return { name, addresses: [externalName] }
      return aliases < MAX_ALIASES ? this.query(String(externalName).replace(/\.$/, ''), aliases + 1) : undefined
    }
    if (clusterIP && clusterIP !== 'None') return { name, addresses: [clusterIP] }
    const backends = this.#services.backends(service).filter(({ ready }) => ready || publishNotReadyAddresses === true)
    return backends.length === 0 ? undefined : { name, addresses: [...new Set(backends.map(({ ip }) => ip))] }
  }

  /** `web-0.web.default.svc.cluster.local`: an endpoint with a hostname under its headless service. */
  #ofEndpoint(name: string): DnsAnswer | undefined {
    const dot = name.indexOf('.')
    const service = this.#services.named(name.slice(dot + 1))
    if (service === undefined) return undefined
    const own = this.#services.backends(service).filter(({ hostname }) => hostname === name.slice(0, dot))
    return own.length === 0 ? undefined : { name, addresses: own.map(({ ip }) => ip) }
  }

  /** `10-244-0-7.default.pod.cluster.local`, with CoreDNS' `pods insecure`: any address in a namespace that exists. */
  #ofPodIp(name: string): DnsAnswer | undefined {
    const match = /^(\d+-\d+-\d+-\d+)\.([^.]+)\.pod\.cluster\.local$/.exec(name)
    if (match?.[1] === undefined || this.#api.get('namespaces', undefined, match[2] ?? '') === undefined)
      return undefined
    return { name, addresses: [match[1].replaceAll('-', '.')] }
  }
}

/** Full names that a resolver asks for, in its order. */
export function candidates(name: string, namespace: string): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = searchDomains(namespace).map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= NDOTS ? [name, ...searched] : [...searched, name]
}
