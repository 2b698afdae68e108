import type { KubeObject, NewObject, Resource } from './object.ts'

/** Who asks. Groups as Kubernetes knows them (`system:masters`, `system:authenticated`). */
export interface User {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Record<string, string[]>
}

/** Names a resource the way code likes to: `pods`, `deployments.apps`, `virtualservices.networking.istio.io`. The preferred (storage) version is meant. */
export type ResourceName = string

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
  /** The object before the change (absent for ADDED). */
  previous?: KubeObject
}

export interface WriteOptions {
  /** Field manager, recorded in managedFields: `kube-controller-manager`. */
  manager?: string
  user?: User
  dryRun?: boolean
}

/**
 * The API as controllers, the node and the mesh use it, in process: the same storage, defaulting, validation and admission
 * as over HTTP, without authorization. Reads are synchronous and see every write that has resolved; objects are shared and frozen.
 * Every write may throw an `ApiError` (NotFound, AlreadyExists, Conflict, Invalid, Forbidden …).
 */
export interface Api {
  /** The resource of that name; undefined when it is not served (a CRD that is not installed). */
  resource(name: ResourceName): Resource | undefined
  get(name: ResourceName, namespace: string | undefined, objectName: string): KubeObject | undefined
  /** All objects, of one namespace or of all. `labels`: only those with all these labels. */
  list(name: ResourceName, options?: { namespace?: string; labels?: Record<string, string> }): readonly KubeObject[]
  create(object: NewObject, options?: WriteOptions): Promise<KubeObject>
  /** Replaces; `metadata.resourceVersion`, when present, must be current (409 Conflict). */
  update(object: NewObject, options?: WriteOptions & { subresource?: 'status' | 'binding' }): Promise<KubeObject>
  /**
   * Reads, changes a copy, writes; tries again on Conflict. `change` may return `false` for "nothing to do".
   * Resolves to undefined when the object is gone.
   */
  mutate(
    name: ResourceName,
    namespace: string | undefined,
    objectName: string,
    change: (object: KubeObject) => void | false,
    options?: WriteOptions & { subresource?: 'status' | 'finalize' },
  ): Promise<KubeObject | undefined>
  /** Server-side apply with force, as controllers do. */
  apply(object: NewObject, options: WriteOptions & { manager: string }): Promise<KubeObject>
  /** Does nothing when the object is gone already. */
  delete(
    name: ResourceName,
    namespace: string | undefined,
    objectName: string,
    options?: WriteOptions & {
      gracePeriodSeconds?: number
      propagation?: 'Background' | 'Foreground' | 'Orphan'
      uid?: string
    },
  ): Promise<void>
  /**
   * Tells every change of a resource from now on, after first telling all that is there as ADDED. Listeners are called synchronously after
   * the write is stored and must not throw. For a resource that is not served yet (a CRD) it begins when it is.
   */
  watch(name: ResourceName, listener: (event: WatchEvent) => void): Disposable
}
