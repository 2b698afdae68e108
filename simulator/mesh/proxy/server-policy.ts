import type { KubeObject } from '../../kubernetes/index.ts'
import type { Workload } from '../contract.ts'
import { policiesFor, type Policies } from './authorization/index.ts'
import type { Configuration } from './configuration.ts'
import { demandAt, peerDemand, type PeerDemand, type ServerMode } from './peer-authentication.ts'
import { isBlank, selects } from './selector.ts'
import type { JwtRule, RequestAuthenticationSpec } from './specs.ts'

/** All that one workload's proxy demands of those who call it. */
export interface ServerPolicy {
  peers: PeerDemand
  authorization: Policies
  jwtRules: readonly JwtRule[]
}

function jwtRules(configuration: Configuration, workload: Workload): JwtRule[] {
  const { requestAuthentications, mesh } = configuration
  return requestAuthentications.flatMap(({ metadata, spec }) => {
    const { selector, jwtRules = [] } = (spec ?? {}) as RequestAuthenticationSpec
    const near = metadata.namespace === workload.namespace || metadata.namespace === mesh.rootNamespace
    const fits = isBlank(selector?.matchLabels) || selects(selector?.matchLabels, workload.labels)
    return near && fits ? jwtRules : []
  })
}

/** Computed once for each pod (as it stands) and configuration. */
export class ServerPolicies {
  readonly #configuration: Configuration
  readonly #known = new WeakMap<KubeObject, ServerPolicy>()

  constructor(configuration: Configuration) {
    this.#configuration = configuration
  }

  of(workload: Workload): ServerPolicy {
    const known = this.#known.get(workload.pod)
    if (known !== undefined) return known
    const { mesh, peerAuthentications, authorizationPolicies } = this.#configuration
    const policy: ServerPolicy = {
      peers: peerDemand(peerAuthentications, workload, mesh.rootNamespace),
      authorization: policiesFor(authorizationPolicies, workload, mesh.rootNamespace),
      jwtRules: jwtRules(this.#configuration, workload),
    }
    this.#known.set(workload.pod, policy)
    return policy
  }

  modeAt(workload: Workload, port: number): ServerMode {
    return demandAt(this.of(workload).peers, port)
  }
}
