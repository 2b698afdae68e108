import {
  keyOf,
  matchesSelector,
  type Api,
  type KubeObject,
  type LabelSelector,
  type OwnerReference,
  type ResourceName,
} from '../kubernetes/index.ts'
import { manager } from './controller.ts'

/** The objects of one resource by the uid of what controls them, and those that nothing controls by namespace. */
export interface OwnedIndex extends Disposable {
  of(ownerUid: string): readonly KubeObject[]
  orphans(namespace: string): readonly KubeObject[]
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true)
}

/** An owner reference from a dependant to what controls it. */
export function controlledBy({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}

/** Keeps the index current; `changed` hears of every change with the owners before and after it (`undefined`: no owner). */
export function watchOwned(
  api: Api,
  resource: ResourceName,
  changed: (object: KubeObject, owners: readonly (OwnerReference | undefined)[]) => void,
): OwnedIndex {
  const buckets = new Map<string, Map<string, KubeObject>>()
  const bucketOf = (object: KubeObject): string =>
    controllerOf(object)?.uid ?? `orphans of ${object.metadata.namespace ?? ''}`
  const take = (object: KubeObject): void => {
    const bucket = buckets.get(bucketOf(object))
    bucket?.delete(keyOf(object))
    if (bucket?.size === 0) buckets.delete(bucketOf(object))
  }
  const watch = api.watch(resource, ({ type, object, previous }) => {
    if (previous !== undefined) take(previous)
    if (type === 'DELETED') take(object)
    else {
      const bucket = buckets.get(bucketOf(object)) ?? new Map<string, KubeObject>()
      buckets.set(bucketOf(object), bucket.set(keyOf(object), object))
    }
    const before = previous && controllerOf(previous)
    const after = controllerOf(object)
    changed(object, before !== undefined && before.uid !== after?.uid ? [before, after] : [after])
  })
  const list = (bucket: string): readonly KubeObject[] => [...(buckets.get(bucket)?.values() ?? [])]
  return {
    of: list,
    orphans: (namespace) => list(`orphans of ${namespace}`),
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  }
}

/** What an owner controls, after adopting matching orphans and letting go of what no longer matches (controller_ref_manager.go). */
export async function claim(
  api: Api,
  resource: ResourceName,
  owner: KubeObject,
  index: OwnedIndex,
  selector: LabelSelector | undefined = owner.spec.selector,
): Promise<KubeObject[]> {
  const owned: KubeObject[] = []
  for (const object of index.of(owner.metadata.uid)) {
    if (matchesSelector(selector, object.metadata.labels)) owned.push(object)
    else if (owner.metadata.deletionTimestamp === undefined) await release(api, resource, owner, object)
  }
  if (owner.metadata.deletionTimestamp !== undefined) return owned
  for (const orphan of index.orphans(owner.metadata.namespace ?? '')) {
    if (orphan.metadata.deletionTimestamp !== undefined || !matchesSelector(selector, orphan.metadata.labels)) continue
    const adopted = await api.mutate(
      resource,
      orphan.metadata.namespace,
      orphan.metadata.name,
      (object) => {
        if (controllerOf(object) !== undefined) return false
        object.metadata.ownerReferences = [...(object.metadata.ownerReferences ?? []), controlledBy(owner)]
      },
      { manager },
    )
    if (adopted !== undefined && controllerOf(adopted)?.uid === owner.metadata.uid) owned.push(adopted)
  }
  return owned
}

async function release(api: Api, resource: ResourceName, owner: KubeObject, object: KubeObject): Promise<void> {
  await api.mutate(
    resource,
    object.metadata.namespace,
    object.metadata.name,
    ({ metadata }) => {
      const kept = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid)
      if (kept.length > 0) metadata.ownerReferences = kept
      else delete metadata.ownerReferences
    },
    { manager },
  )
}
