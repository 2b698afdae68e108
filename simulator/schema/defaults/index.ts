/** Defaulting of built-in kinds, as the API server does when it decodes an object. */
import { apiVersionOf, type NewObject, type Resource } from '../../kubernetes/index.ts'
import { conform } from '../conform.ts'
import type { Tree } from '../tree.ts'
import { typeOfKind } from '../types.ts'
import { clusterDefaults } from './cluster.ts'
import { networkDefaults } from './network.ts'
import { podDefaults } from './pod.ts'
import { workloadDefaults } from './workloads.ts'

const byKind: Record<string, (object: Tree) => void> = {
  ...podDefaults,
  ...workloadDefaults,
  ...networkDefaults,
  ...clusterDefaults,
}

/**
 * A new object in the form in which the API server would hold it: read into its type (unknown fields dropped, quantities canonical)
 * and defaulted. The object given is left alone. What a plugin or an allocator adds (clusterIP, service account, tolerations) is not here.
 */
export function applyDefaults<T extends NewObject>(
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  object: T,
): T {
  const apiVersion = apiVersionOf(resource)
  const type = typeOfKind(apiVersion, resource.kind)
  if (type === undefined) return object
  const held = { ...conform(type, object), apiVersion, kind: resource.kind }
  byKind[`${apiVersion} ${resource.kind}`]?.(held)
  return held as unknown as T
}
