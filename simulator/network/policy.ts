import { matchesSelector, type Api, type KubeObject, type LabelSelector } from '../kubernetes/index.ts'
import { inBlock } from './addresses.ts'

interface Flow {
  /** Absent for what is no pod: a node, the control plane, an address outside. */
  source: KubeObject | undefined
  sourceIp: string
  target: KubeObject
  targetIp: string
  port: number
}

interface Peer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr: string; except?: string[] }
}

interface Rule {
  from?: Peer[]
  to?: Peer[]
  ports?: { port?: number | string; endPort?: number; protocol?: string }[]
}

/** NetworkPolicies: a pod that any policy isolates gets only what some rule allows. */
export class PolicyIndex implements Disposable {
  readonly #api: Api
  readonly #watch: Disposable
  #policies: readonly KubeObject[] | undefined

  constructor(api: Api) {
    this.#api = api
    this.#watch = api.watch('networkpolicies.networking.k8s.io', () => {
      this.#policies = undefined
    })
  }

  /** Whether a connection may pass, by the source's egress and the target's ingress rules. */
  allows(flow: Flow): boolean {
    this.#policies ??= this.#api.list('networkpolicies.networking.k8s.io')
    if (this.#policies.length === 0) return true
    const { source, sourceIp, target, targetIp } = flow
    // A node always reaches its own pods: kubelet probes would fail otherwise.
    const isFromNode = source === undefined && !sourceIp.startsWith('10.244.')
    const entering = isFromNode || this.#side('Ingress', target, { pod: source, ip: sourceIp }, flow)
    return entering && (source === undefined || this.#side('Egress', source, { pod: target, ip: targetIp }, flow))
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
  }

  #side(
    type: 'Ingress' | 'Egress',
    isolated: KubeObject,
    other: { pod: KubeObject | undefined; ip: string },
    flow: Flow,
  ): boolean {
    const own = (this.#policies ?? []).filter(
      (policy) =>
        policy.metadata.namespace === isolated.metadata.namespace &&
        typesOf(policy).includes(type) &&
        matchesSelector(policy['spec']?.podSelector ?? {}, isolated.metadata.labels ?? {}),
    )
    if (own.length === 0) return true
    return own.some((policy) =>
      ((policy['spec']?.[type === 'Ingress' ? 'ingress' : 'egress'] ?? []) as Rule[]).some((rule) => {
        const peers = type === 'Ingress' ? rule.from : rule.to
        const peerMatches =
          !peers?.length || peers.some((peer) => this.#isPeer(peer, other, isolated.metadata.namespace))
        return peerMatches && portMatches(rule, flow.port, flow.target)
      }),
    )
  }

  #isPeer(
    peer: Peer,
    { pod, ip }: { pod: KubeObject | undefined; ip: string },
    namespace: string | undefined,
  ): boolean {
    if (peer.ipBlock !== undefined) {
      const { cidr, except = [] } = peer.ipBlock
      return inBlock(ip, cidr) && !except.some((hole) => inBlock(ip, hole))
    }
    if (pod === undefined) return false
    const inNamespace =
      peer.namespaceSelector === undefined
        ? pod.metadata.namespace === namespace
        : matchesSelector(
            peer.namespaceSelector,
            this.#api.get('namespaces', undefined, pod.metadata.namespace ?? '')?.metadata.labels ?? {},
          )
    return inNamespace && matchesSelector(peer.podSelector ?? {}, pod.metadata.labels ?? {})
  }
}

function typesOf(policy: KubeObject): string[] {
  const { policyTypes, egress } = policy['spec'] ?? {}
  return policyTypes ?? (egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'])
}

function portMatches({ ports }: Rule, port: number, target: KubeObject): boolean {
  if (!ports?.length) return true
  return ports.some(({ port: wanted, endPort, protocol = 'TCP' }) => {
    if (protocol !== 'TCP') return false
    if (wanted === undefined) return true
    if (typeof wanted === 'number') return endPort === undefined ? wanted === port : wanted <= port && port <= endPort
    return namedPort(target, wanted) === port
  })
}

function namedPort(pod: KubeObject, name: string): number | undefined {
  const containers = (pod['spec']?.containers ?? []) as { ports?: { name?: string; containerPort: number }[] }[]
  return containers.flatMap(({ ports = [] }) => ports).find((port) => port.name === name)?.containerPort
}
