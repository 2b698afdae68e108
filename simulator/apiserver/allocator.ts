import { invalid, type KubeObject, type NewObject, type Random } from '../kubernetes/index.ts'
import type { Store } from '../storage/index.ts'

/** 10.96.0.0/12, the service range that kubeadm clusters have. */
const SERVICE_BASE = (10 << 24) | (96 << 16)
const SERVICE_SIZE = 1 << 20
/** Random allocation leaves the low addresses alone: 10.96.0.1 is the API server, 10.96.0.10 the cluster's DNS. */
const SERVICE_RESERVED = 256
const NODE_PORT_MIN = 30000
const NODE_PORT_COUNT = 2768

const dotted = (ip: number): string => [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join('.')

type Port = { name?: string; port: number; nodePort?: number; protocol?: string }

/** Hands out what must be unique among Services: virtual addresses and node ports. What is taken is read from the stored Services. */
export class Allocator {
  readonly #store: Store
  readonly #random: Random

  constructor(store: Store, random: Random) {
    this.#store = store
    this.#random = random
  }

  /** Fills clusterIP, clusterIPs and nodePorts of a Service on its way in; 422 when what it asks for is taken or out of range. */
  allocate(service: NewObject, old?: KubeObject): void {
    const spec = service['spec'] as Record<string, unknown> | undefined
    if (spec === undefined) return
    if (spec['type'] === 'ExternalName') {
      delete spec['clusterIP']
      delete spec['clusterIPs']
      delete spec['ipFamilies']
      delete spec['ipFamilyPolicy']
      return
    }
    // The cluster has IPv4 alone.
    spec['ipFamilies'] ??= ['IPv4']
    spec['ipFamilyPolicy'] ??= 'SingleStack'
    this.#allocateAddress(service, spec, old)
    const wantsNodePorts =
      spec['type'] === 'NodePort' ||
      (spec['type'] === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false)
    if (wantsNodePorts) this.#allocateNodePorts(service, (spec['ports'] ?? []) as Port[], old)
    else if (old && ['NodePort', 'LoadBalancer'].includes(old['spec']?.type) && spec['type'] === 'ClusterIP')
      dropInherited(spec, old)
  }

  #allocateAddress(service: NewObject, spec: Record<string, unknown>, old?: KubeObject): void {
    const asked = (spec['clusterIP'] as string | undefined) || (spec['clusterIPs'] as string[] | undefined)?.[0]
    const before = old?.['spec']?.clusterIP as string | undefined
    const ip = asked || before || this.#freeAddress()
    if (ip !== 'None' && ip !== before && asked) {
      const why = this.#taken(ip) ? 'provided IP is already allocated' : inRange(ip) ? undefined : outOfRange(ip)
      if (why !== undefined) {
        const message = `Invalid value: ["${ip}"]: failed to allocate IP ${ip}: ${why}`
        throw invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', [
          { reason: 'FieldValueInvalid', message, field: 'spec.clusterIPs' },
        ])
      }
    }
    spec['clusterIP'] = ip
    spec['clusterIPs'] = [ip]
  }

  #allocateNodePorts(service: NewObject, ports: Port[], old?: KubeObject): void {
    const taken = this.#takenNodePorts(service)
    const inherited = ((old?.['spec']?.ports ?? []) as Port[]).filter((port) => port.nodePort)
    for (const [index, port] of ports.entries()) {
      if (port.nodePort) {
        if (port.nodePort < NODE_PORT_MIN || port.nodePort >= NODE_PORT_MIN + NODE_PORT_COUNT)
          throw portError(
            service,
            index,
            port.nodePort,
            `provided port is not in the valid range. The range of valid ports is 30000-32767`,
          )
        if (taken.has(port.nodePort))
          throw portError(service, index, port.nodePort, 'provided port is already allocated')
      } else {
        const same = inherited.find(
          (other) => other.port === port.port && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
        )
        port.nodePort = same?.nodePort ?? this.#freeNodePort(taken)
      }
      taken.add(port.nodePort)
    }
  }

  #taken(ip: string): boolean {
    for (const service of this.#store.values('services')) if (service['spec']?.clusterIP === ip) return true
    return false
  }

  #freeAddress(): string {
    const taken = new Set([...this.#store.values('services')].map((service) => service['spec']?.clusterIP as string))
    for (;;) {
      const ip = dotted(SERVICE_BASE + SERVICE_RESERVED + this.#random.below(SERVICE_SIZE - SERVICE_RESERVED - 1))
      if (!taken.has(ip)) return ip
    }
  }

  #takenNodePorts(except: NewObject): Set<number> {
    const taken = new Set<number>()
    for (const service of this.#store.values('services')) {
      if (service.metadata.name === except.metadata.name && service.metadata.namespace === except.metadata.namespace)
        continue
      for (const port of (service['spec']?.ports ?? []) as Port[]) if (port.nodePort) taken.add(port.nodePort)
    }
    return taken
  }

  #freeNodePort(taken: Set<number>): number {
    for (;;) {
      const port = NODE_PORT_MIN + this.#random.below(NODE_PORT_COUNT)
      if (!taken.has(port)) return port
    }
  }
}

function inRange(ip: string): boolean {
  const [a = 0, b = 0] = ip.split('.').map(Number)
  return a === 10 && b >= 96 && b < 112
}

function outOfRange(ip: string): string {
  return `the provided IP (${ip}) is not in the valid range. The range of valid IPs is 10.96.0.0/12`
}

function portError(service: NewObject, index: number, port: number, why: string): Error {
  return invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${port}: ${why}`, field: `spec.ports[${index}].nodePort` },
  ])
}

/** A Service that stops being a NodePort loses the ports that it did not name itself. */
function dropInherited(spec: Record<string, unknown>, old: KubeObject): void {
  const before = new Set(((old['spec']?.ports ?? []) as Port[]).map((port) => port.nodePort))
  for (const port of (spec['ports'] ?? []) as Port[])
    if (port.nodePort && before.has(port.nodePort)) delete port.nodePort
}
