import { setMaxListeners } from 'node:events'
import type { KubeObject } from '../kubernetes/index.ts'
import type { Workload } from '../mesh/contract.ts'
import { redirectsInbound } from '../mesh/inbound-ports.ts'
import { Listeners } from './listeners.ts'

/** Proxy containers are known by name, as injection makes them. */
export const proxyContainer = 'istio-proxy'

/** Ports of the agent and the proxy that the injected iptables rules leave alone. */
const uninterceptedPorts: ReadonlySet<number> = new Set([15_000, 15_004, 15_020, 15_021, 15_053, 15_090])

/** What the network keeps of a pod. */
export class PodNamespace {
  readonly ip: string
  readonly listeners = new Listeners()
  readonly closed = new AbortController()
  proxyRunning: boolean | undefined
  readonly #current: () => KubeObject

  /** `current`: the newest form of the pod. */
  constructor(ip: string, current: () => KubeObject) {
    this.ip = ip
    this.#current = current
    // Every request in flight listens.
    setMaxListeners(0, this.closed.signal)
  }

  get pod(): KubeObject {
    return this.#current()
  }

  get workload(): Workload {
    return workloadOf(this.pod, this.ip, this.injected && this.hasRunningProxy)
  }

  /** The pod's traffic is redirected to a proxy, whether that proxy runs or not. */
  get injected(): boolean {
    return proxySpec(this.pod) !== undefined
  }

  get isGateway(): boolean {
    return isGateway(this.pod)
  }

  get hasRunningProxy(): boolean {
    if (this.proxyRunning !== undefined) return this.proxyRunning
    const { containerStatuses = [], initContainerStatuses = [] } = this.pod['status'] ?? {}
    return [...containerStatuses, ...initContainerStatuses].some(
      ({ name, state }: { name: string; state?: { running?: unknown } }) =>
        name === proxyContainer && state?.running !== undefined,
    )
  }

  /** Whether a connection to this port passes through the proxy first. */
  intercepts(port: number): boolean {
    return this.injected && !uninterceptedPorts.has(port) && redirectsInbound(this.pod, port)
  }
}

function proxySpec(pod: KubeObject): { args?: string[] } | undefined {
  const { containers = [], initContainers = [] } = pod['spec'] ?? {}
  return [...containers, ...initContainers].find(({ name }: { name: string }) => name === proxyContainer)
}

/** A gateway's only container is a proxy that is started as a router. */
export function isGateway(pod: KubeObject): boolean {
  return proxySpec(pod)?.args?.includes('router') ?? false
}

export function workloadOf(pod: KubeObject, ip: string, sidecar: boolean): Workload {
  return {
    pod,
    ip,
    sidecar,
    namespace: pod.metadata.namespace ?? 'default',
    serviceAccount: pod['spec']?.serviceAccountName ?? 'default',
    labels: pod.metadata.labels ?? {},
  }
}
