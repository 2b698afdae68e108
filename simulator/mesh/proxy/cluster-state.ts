import type { Clock, Random } from '../../kubernetes/index.ts'
import { Balancer } from './balancer.ts'
import { OutlierDetector } from './outlier.ts'
import { ConnectionPool } from './pool.ts'
import type { PolicyFields } from './specs.ts'

/** What one proxy remembers of one cluster (`outbound|9080|v1|reviews.default.svc.cluster.local`). */
export interface ClusterState {
  /** The policy it was made for; another policy means a new cluster with nothing remembered, as in Envoy. */
  signature: string
  balancer: Balancer
  /** Absent: no outlier detection. */
  outlier: OutlierDetector | undefined
  /** Absent: no limits. */
  pool: ConnectionPool | undefined
  /** Requests in flight by endpoint. */
  busy: Map<string, number>
  retriesInFlight: number
  requestsTotal: number
  requests5xx: number
}

export function clusterState(
  known: ClusterState | undefined,
  policy: PolicyFields,
  clock: Clock,
  random: Random,
): ClusterState {
  const signature = JSON.stringify([policy.connectionPool, policy.outlierDetection, policy.loadBalancer])
  if (known?.signature === signature) return known
  return {
    signature,
    balancer: new Balancer(policy.loadBalancer, random),
    outlier: policy.outlierDetection && new OutlierDetector(clock, policy.outlierDetection),
    pool: policy.connectionPool && new ConnectionPool(policy.connectionPool),
    busy: new Map(),
    retriesInFlight: 0,
    requestsTotal: 0,
    requests5xx: 0,
  }
}
