import type { KubeObject } from '../kubernetes/index.ts'
import type { ServedResource } from '../schema/index.ts'

/** A resource that is not stored but computed when it is asked for, such as pods.metrics.k8s.io. Read only. */
export interface VirtualResource {
  resource: ServedResource
  get(namespace: string | undefined, name: string): KubeObject | undefined
  list(namespace: string | undefined): readonly KubeObject[]
  /** Cells of `kubectl get`, name first, with their column names. */
  columns?: { names: readonly string[]; cells(object: KubeObject): unknown[] }
}
