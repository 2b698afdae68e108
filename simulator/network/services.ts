import type { Api, KubeObject } from '../kubernetes/index.ts'
import type { Endpoint, ServicePort, Workload } from '../mesh/contract.ts'

const clusterDomain = 'cluster.local'

/** `reviews.default.svc.cluster.local`. */
export function hostnameOf(service: KubeObject): string {
  return `${service.metadata.name}.${service.metadata.namespace ?? 'default'}.svc.${clusterDomain}`
}

/** An address behind a service: what an EndpointSlice (or, failing that, an Endpoints object) says. */
export interface Backend {
  ip: string
  ready: boolean
  /** A pod's own DNS name under a headless service. */
  hostname?: string
  ports: readonly { name: string; port: number }[]
}

interface Snapshot {
  ports: readonly ServicePort[]
  byAddress: ReadonlyMap<string, ServicePort>
  byHostname: ReadonlyMap<string, KubeObject>
  backends: ReadonlyMap<string, readonly Backend[]>
}

/** All services with their endpoints, kept current by watches and put together again only when something changed and someone asks. */
export class ServiceIndex implements Disposable {
  readonly #api: Api
  readonly #workloadAt: (ip: string) => Workload | undefined
  readonly #watches: Disposable[]
  #snapshot: Snapshot | undefined

  constructor(api: Api, workloadAt: (ip: string) => Workload | undefined) {
    this.#api = api
    this.#workloadAt = workloadAt
    const sources = ['services', 'endpointslices.discovery.k8s.io', 'endpoints', 'pods', 'nodes']
    this.#watches = sources.map((name) => api.watch(name, () => this.invalidate()))
  }

  invalidate(): void {
    this.#snapshot = undefined
  }

  all(): readonly ServicePort[] {
    return this.#current().ports
  }

  /** The service port of a virtual address: a cluster IP, an external IP, a load balancer's, or a node's with a node port. */
  at(ip: string, port: number): ServicePort | undefined {
    return this.#current().byAddress.get(`${ip}:${port}`)
  }

  named(hostname: string): KubeObject | undefined {
    return this.#current().byHostname.get(hostname)
  }

  /** Everything that stands behind a service, ready or not. */
  backends(service: KubeObject): readonly Backend[] {
    return this.#current().backends.get(hostnameOf(service)) ?? []
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]()
  }

  #current(): Snapshot {
    this.#snapshot ??= this.#build()
    return this.#snapshot
  }

  #build(): Snapshot {
    const byHostname = new Map<string, KubeObject>()
    const byAddress = new Map<string, ServicePort>()
    const backends = new Map<string, readonly Backend[]>()
    const ports: ServicePort[] = []
    const slices = new Map<string, Backend[]>()
    for (const slice of this.#api.list('endpointslices.discovery.k8s.io')) {
      const owner = `${slice.metadata.labels?.['kubernetes.io/service-name']}.${slice.metadata.namespace}`
      slices.set(owner, [...(slices.get(owner) ?? []), ...fromSlice(slice)])
    }
    const nodeIps = this.#api
      .list('nodes')
      .flatMap((node) =>
        ((node['status']?.addresses ?? []) as { type: string; address: string }[])
          .filter(({ type }) => type === 'InternalIP')
          .map(({ address }) => address),
      )
    for (const service of this.#api.list('services')) {
      const { name, namespace = '' } = service.metadata
      byHostname.set(hostnameOf(service), service)
      const own = slices.get(`${name}.${namespace}`) ?? this.#fromEndpoints(service)
      backends.set(hostnameOf(service), own)
      for (const spec of service['spec']?.ports ?? []) {
        const port = this.#port(service, spec, own)
        ports.push(port)
        for (const ip of virtualAddresses(service)) byAddress.set(`${ip}:${port.port}`, port)
        if (spec.nodePort) for (const ip of nodeIps) byAddress.set(`${ip}:${spec.nodePort}`, port)
      }
    }
    return { ports, byAddress, byHostname, backends }
  }

  #fromEndpoints(service: KubeObject): Backend[] {
    const endpoints = this.#api.get('endpoints', service.metadata.namespace, service.metadata.name)
    return (endpoints?.['subsets'] ?? []).flatMap((subset: EndpointSubset) => {
      const ports = (subset.ports ?? []).map(({ name = '', port }) => ({ name, port }))
      const backend = (ready: boolean) => (address: { ip: string; hostname?: string }) => ({
        ip: address.ip,
        ready,
        ports,
        ...(address.hostname === undefined ? {} : { hostname: address.hostname }),
      })
      return [...(subset.addresses ?? []).map(backend(true)), ...(subset.notReadyAddresses ?? []).map(backend(false))]
    })
  }

  #port(service: KubeObject, spec: PortSpec, backends: readonly Backend[]): ServicePort {
    const ready = backends.filter((backend) => backend.ready)
    const endpoints: Endpoint[] = ready.flatMap(({ ip, ports }) => {
      const port = ports.find(({ name }) => name === (spec.name ?? ''))?.port
      if (port === undefined) return []
      const workload = this.#workloadAt(ip)
      return [{ ip, port, ...(workload === undefined ? {} : { workload }) }]
    })
    return {
      service,
      hostname: hostnameOf(service),
      port: spec.port,
      name: spec.name ?? '',
      targetPort: spec.targetPort ?? spec.port,
      endpoints,
      ...(spec.appProtocol === undefined ? {} : { appProtocol: spec.appProtocol }),
    }
  }
}

interface PortSpec {
  name?: string
  port: number
  nodePort?: number
  targetPort?: number | string
  appProtocol?: string
}

interface EndpointSubset {
  addresses?: { ip: string; hostname?: string }[]
  notReadyAddresses?: { ip: string; hostname?: string }[]
  ports?: { name?: string; port: number }[]
}

interface SliceEndpoint {
  addresses: string[]
  hostname?: string
  conditions?: { ready?: boolean }
}

function fromSlice(slice: KubeObject): Backend[] {
  const ports = ((slice['ports'] ?? []) as { name?: string; port: number }[]).map(({ name = '', port }) => ({
    name,
    port,
  }))
  return ((slice['endpoints'] ?? []) as SliceEndpoint[]).flatMap(({ addresses, hostname, conditions }) =>
    addresses.map((ip) => ({
      ip,
      ready: conditions?.ready !== false,
      ports,
      ...(hostname === undefined ? {} : { hostname }),
    })),
  )
}

function virtualAddresses(service: KubeObject): string[] {
  const { clusterIP, externalIPs = [] } = service['spec'] ?? {}
  const balanced = ((service['status']?.loadBalancer?.ingress ?? []) as { ip?: string }[]).flatMap(({ ip }) =>
    ip ? [ip] : [],
  )
  return [...(clusterIP && clusterIP !== 'None' ? [clusterIP] : []), ...externalIPs, ...balanced]
}
