import { isIP } from 'node:net'
import type { Endpoint } from '../contract.ts'
import { clusterState, type ClusterState } from './cluster-state.ts'
import { destinationRuleFor, policyOf } from './destination-rule.ts'
import type { Proxy } from './proxy.ts'
import type { MeshService } from './registry.ts'
import type { Target } from './routes/index.ts'
import { selects } from './selector.ts'
import type { PolicyFields } from './specs.ts'

/** A set of endpoints under one policy, as Envoy's cluster is. */
export interface Cluster {
  /** `outbound|9080|v1|reviews.default.svc.cluster.local` or `PassthroughCluster`. */
  name: string
  /** `outbound_.9080_.v1_.reviews.default.svc.cluster.local` */
  serverName: string
  service: MeshService | undefined
  endpoints: readonly Endpoint[]
  policy: PolicyFields
  state: ClusterState
}

const NO_POLICY: PolicyFields = {}

function stateOf(proxy: Proxy, name: string, policy: PolicyFields): ClusterState {
  const state = clusterState(proxy.state.clusters.get(name), policy, proxy.clock, proxy.random)
  proxy.state.clusters.set(name, state)
  return state
}

function endpointsOf(proxy: Proxy, service: MeshService, dialled: Endpoint | undefined): readonly Endpoint[] {
  if (service.resolution === 'static') return service.endpoints
  if (service.resolution === 'dns') {
    return service.names.flatMap(({ name, port }) => {
      const ips = isIP(name) === 0 ? (proxy.fabric.resolve(proxy.workload, name) ?? []) : [name]
      return ips.map((ip) => endpointAt(proxy, ip, port))
    })
  }
  const known = service.endpoints.find((endpoint) => endpoint.ip === dialled?.ip)
  if (known !== undefined) return [known]
  return dialled === undefined ? [] : [dialled]
}

export function endpointAt(proxy: Proxy, ip: string, port: number): Endpoint {
  const workload = proxy.fabric.workloadAt(ip)
  return workload === undefined ? { ip, port } : { ip, port, workload }
}

/** Destination's port, else the service's only port, else the port that was called. Source: route.go `GetDestinationCluster`. */
function portOf(proxy: Proxy, target: Target, called: number): number {
  if (target.port !== undefined) return target.port
  const ports = proxy.registry.hosts.get(target.host) ?? []
  return ports.length === 1 && ports[0] !== undefined ? ports[0].port : called
}

/** The name that a target's cluster has or would have. */
export function clusterName(proxy: Proxy, target: Target, called: number): string {
  return `outbound|${portOf(proxy, target, called)}|${target.subset}|${target.host}`
}

/** The cluster of a destination; undefined when the host, its port or the subset is not known. `dialled`: the address called, for headless services. */
export function clusterFor(
  proxy: Proxy,
  target: Target,
  called: number,
  dialled: Endpoint | undefined,
): Cluster | undefined {
  const port = portOf(proxy, target, called)
  const service = proxy.registry.at(target.host, port)
  if (service === undefined) return undefined
  const { destinationRules, mesh } = proxy.configuration
  const rule = destinationRuleFor(destinationRules, proxy.workload, service, mesh.rootNamespace)
  const subset = target.subset === '' ? undefined : rule?.subsets.find(({ name }) => name === target.subset)
  if (target.subset !== '' && subset === undefined) return undefined
  const policy = rule === undefined ? NO_POLICY : policyOf(rule, subset, port)
  const name = `outbound|${port}|${target.subset}|${target.host}`
  const all =
    policy.loadBalancer?.simple === 'PASSTHROUGH' && dialled !== undefined
      ? [dialled]
      : endpointsOf(proxy, service, dialled)
  const endpoints =
    subset?.labels === undefined ? all : all.filter(({ workload }) => selects(subset.labels, workload?.labels ?? {}))
  return {
    name,
    serverName: `outbound_.${port}_.${target.subset}_.${target.host}`,
    service,
    endpoints,
    policy,
    state: stateOf(proxy, name, policy),
  }
}

/** Whatever address was dialled, in plaintext. */
export function passthroughCluster(proxy: Proxy, ip: string, port: number): Cluster {
  return {
    name: 'PassthroughCluster',
    serverName: '',
    service: undefined,
    endpoints: [endpointAt(proxy, ip, port)],
    policy: NO_POLICY,
    state: stateOf(proxy, 'PassthroughCluster', NO_POLICY),
  }
}
