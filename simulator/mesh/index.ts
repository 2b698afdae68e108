import { ProxyMesh, type MeshParts } from './proxy/index.ts'

export type * from './contract.ts'

/**
 * Istio's data plane as it acts on the API's objects from now on. Configuration is read when it is next needed after a
 * change; while no istiod is ready proxies keep what they know. Dispose it with the cluster.
 */
export function createMesh(parts: MeshParts): ProxyMesh {
  return new ProxyMesh(parts)
}
