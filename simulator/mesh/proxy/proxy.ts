import type { Clock, Random } from '../../kubernetes/index.ts'
import type { Fabric, Workload } from '../contract.ts'
import type { Configuration } from './configuration.ts'
import type { Registry } from './registry.ts'
import type { ClusterState } from './cluster-state.ts'

/** One running proxy's memory: it outlives requests and changes of configuration. */
export interface ProxyState {
  workload: Workload
  clusters: Map<string, ClusterState>
  /** Monotonic, for forgetting those that have long been silent. */
  lastUsed: number
}

/** One proxy at the moment of one request. */
export interface Proxy {
  workload: Workload
  configuration: Configuration
  registry: Registry
  fabric: Fabric
  state: ProxyState
  clock: Clock
  random: Random
  /** What this proxy's callers must show, what it lets in: of any workload, for a client asks it of its servers. */
  security: SecurityView
}

export interface SecurityView {
  /** Whether a server's proxy takes mTLS on that container port. */
  acceptsMtls(workload: Workload, port: number): boolean
}

/** `cluster.local/ns/NS/sa/SA`. */
export function principalOf(workload: Workload): string {
  return `cluster.local/ns/${workload.namespace}/sa/${workload.serviceAccount}`
}
