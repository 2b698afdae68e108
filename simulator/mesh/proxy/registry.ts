import type { Endpoint, ServicePort } from '../contract.ts'
import { portProtocol, type PortProtocol } from './port-protocol.ts'

/** One port of a host that proxies know: of a Service or of a ServiceEntry. */
export interface MeshService {
  hostname: string
  namespace: string
  port: number
  protocol: PortProtocol
  /** `static`: the endpoints listed; `dns`: what the host (or its endpoints) resolve to; `passthrough`: the address dialled. */
  resolution: 'static' | 'dns' | 'passthrough'
  /** Outside the mesh: never mTLS by itself. */
  external: boolean
  endpoints: readonly Endpoint[]
  /** For `dns`: names or addresses with their ports. */
  names: readonly { name: string; port: number }[]
  addresses: readonly string[]
  exportTo: readonly string[] | undefined
}

export interface Registry {
  all: readonly MeshService[]
  /** Ports by host. */
  hosts: ReadonlyMap<string, readonly MeshService[]>
  at(hostname: string, port: number): MeshService | undefined
  /** The service port behind which this address stands as an endpoint. */
  behind(ip: string, port: number): MeshService | undefined
  /** A ServiceEntry port by one of its addresses. */
  byAddress(ip: string, port: number): MeshService | undefined
  /** True when some host speaks HTTP on this port number: proxies then route that port by Host, whatever the address. */
  hasHttpPort(port: number): boolean
}

function fromServicePort(entry: ServicePort): MeshService {
  const clusterIP: string = entry.service.spec?.clusterIP ?? ''
  const headless = clusterIP === 'None'
  const exportTo: unknown = entry.service.metadata.annotations?.['networking.istio.io/exportTo']
  return {
    hostname: entry.hostname,
    namespace: entry.service.metadata.namespace ?? '',
    port: entry.port,
    protocol: portProtocol(entry.port, entry.name, entry.appProtocol),
    resolution: headless ? 'passthrough' : 'static',
    external: false,
    endpoints: entry.endpoints,
    names: [],
    addresses: headless || clusterIP === '' ? [] : [clusterIP],
    exportTo: typeof exportTo === 'string' ? exportTo.split(',').map((name) => name.trim()) : undefined,
  }
}

/** Services of the cluster first: a ServiceEntry for the same host adds nothing. */
export function buildRegistry(services: readonly ServicePort[], entries: readonly MeshService[]): Registry {
  const all = services.map(fromServicePort)
  const own = new Set(all.map((service) => service.hostname))
  all.push(...entries.filter((entry) => !own.has(entry.hostname)))
  const hosts = new Map<string, MeshService[]>()
  const httpPorts = new Set<number>()
  for (const service of all) {
    const ports = hosts.get(service.hostname)
    if (ports === undefined) hosts.set(service.hostname, [service])
    else ports.push(service)
    if (service.protocol === 'http') httpPorts.add(service.port)
  }
  let behind: Map<string, MeshService> | undefined
  const indexEndpoints = (): Map<string, MeshService> => {
    const index = new Map<string, MeshService>()
    for (const service of all) {
      for (const { ip, port } of service.endpoints) {
        // Several services may share a pod's port; an explicit protocol says more than a sniffed one.
        const key = `${ip}:${port}`
        const known = index.get(key)
        if (known === undefined || (known.protocol === 'auto' && service.protocol !== 'auto')) index.set(key, service)
      }
    }
    return index
  }
  return {
    all,
    hosts,
    at: (hostname, port) => hosts.get(hostname)?.find((service) => service.port === port),
    behind: (ip, port) => (behind ??= indexEndpoints()).get(`${ip}:${port}`),
    byAddress: (ip, port) => entries.find((entry) => entry.port === port && entry.addresses.includes(ip)),
    hasHttpPort: (port) => httpPorts.has(port),
  }
}
