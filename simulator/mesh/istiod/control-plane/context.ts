import type { Api, Clock } from '../../../kubernetes/index.ts'
import type { Authority } from './authority.ts'
import type { Metrics } from './metrics.ts'

/** What the parts of a running istiod share. */
export interface ControlPlaneContext {
  api: Api
  clock: Clock
  /** `istio-system` */
  namespace: string
  /** Empty for the unnamed revision. */
  revision: string
  /** Name of istiod's pod, the holder of its leases. */
  identity: string
  authority: Authority
  metrics: Metrics
  log: (line: string) => void
}

/** The field manager of all that istiod writes. */
export const istiodManager = 'pilot-discovery'
