import type { KubeObject } from '../../kubernetes/index.ts'
import { isBlank, selects } from './selector.ts'
import type { MtlsMode, PeerAuthenticationSpec } from './specs.ts'

export type ServerMode = 'DISABLE' | 'PERMISSIVE' | 'STRICT'

/** What one workload's proxy demands of callers, port by port. */
export interface PeerDemand {
  mode: ServerMode
  /** By container port. */
  ports: ReadonlyMap<number, ServerMode>
}

const specOf = (object: KubeObject): PeerAuthenticationSpec => (object.spec ?? {}) as PeerAuthenticationSpec

function resolve(mode: MtlsMode | undefined, inherited: ServerMode): ServerMode {
  return mode === undefined || mode === 'UNSET' ? inherited : mode
}

/**
 * Mesh, then namespace, then workload; each overrides unless UNSET; the oldest of a level speaks for it. Only the workload's
 * policy has ports. In the root namespace a selector has no effect. Source: policy_applier.go `ComposePeerAuthentication`.
 */
export function peerDemand(
  oldestFirst: readonly KubeObject[],
  workload: { namespace: string; labels: Readonly<Record<string, string>> },
  rootNamespace: string,
): PeerDemand {
  let mesh: PeerAuthenticationSpec | undefined
  let namespace: PeerAuthenticationSpec | undefined
  let own: PeerAuthenticationSpec | undefined
  for (const object of oldestFirst) {
    const spec = specOf(object)
    const home = object.metadata.namespace ?? ''
    const wanted = spec.selector?.matchLabels
    if (isBlank(wanted)) {
      if (home === rootNamespace) mesh ??= spec
      if (home === workload.namespace && home !== rootNamespace) namespace ??= spec
    } else if (home === workload.namespace && home !== rootNamespace && selects(wanted, workload.labels)) own ??= spec
  }
  const level = resolve(namespace?.mtls?.mode, resolve(mesh?.mtls?.mode, 'PERMISSIVE'))
  const mode = resolve(own?.mtls?.mode, level)
  const ports = new Map<number, ServerMode>()
  for (const [port, value] of Object.entries(own?.portLevelMtls ?? {}))
    ports.set(Number(port), resolve(value?.mode, mode))
  return { mode, ports }
}

export function demandAt(demand: PeerDemand, port: number): ServerMode {
  return demand.ports.get(port) ?? demand.mode
}
