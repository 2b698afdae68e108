/** Kubernetes objects and the words for them, as every room of the simulator speaks of them. */

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time?: string
  fieldsType: 'FieldsV1'
  fieldsV1: Record<string, unknown>
  subresource?: string
}

export interface ObjectMeta {
  name: string
  namespace?: string
  generateName?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
}

/** Any stored object. Objects handed out by the Api are shared and must not be changed: copy first (`structuredClone`). */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  // eslint-disable-next-line typescript/no-explicit-any -- the one place where objects are open
  [field: string]: any
}

/** An object on its way in: metadata may be incomplete. */
export type NewObject = Omit<KubeObject, 'metadata'> & { metadata: Partial<ObjectMeta> }

/** One served resource: `{group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true}`. */
export interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/** Key of an object inside its resource: `namespace/name`, or `name` when cluster-scoped. */
export function keyOf(object: { metadata: { name?: string; namespace?: string } }): string {
  const { namespace, name = '' } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}
