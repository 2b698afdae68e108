import { isDeepStrictEqual } from 'node:util'
import { ApiError, conflict, invalid, notFound, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { deepFreeze } from '../../storage/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { applyDefaults, recordManager, validateObject } from '../typing.ts'
import { admitMutating, admitValidating } from './admit.ts'
import { checkPlace } from './create.ts'
import { allocate, prepareUpdate } from './strategy.ts'

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'
/** Writes without a resourceVersion are tried again when another write came between reading and storing. */
const ATTEMPTS = 20

export interface UpdateOptions {
  /** The new object from the stored one (undefined: leave it); called again when another write came first. */
  change: (current: KubeObject) => NewObject | undefined | Promise<NewObject | undefined>
  /** The changed object's managedFields are right already (server-side apply). */
  managed?: boolean
}

/** Everything that happens to a changed object, from defaulting to storage. */
export async function update(
  kernel: Kernel,
  resource: ServedResource,
  key: string,
  options: UpdateOptions,
  context: WriteContext,
): Promise<KubeObject> {
  const place = storageName(resource)
  const name = key.slice(key.indexOf('/') + 1)
  for (let attempt = 1; ; attempt++) {
    const old = kernel.store.get(place, key)
    if (old === undefined) throw notFound(resource, name)
    const object = await options.change(old)
    if (object === undefined) return old
    const wanted = object.metadata.resourceVersion
    if (wanted && !/^\d+$/.test(wanted))
      throw new ApiError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(wanted)}: invalid syntax`)
    if (wanted && wanted !== old.metadata.resourceVersion) throw conflict(resource, name, MODIFIED)
    const uid = object.metadata.uid
    if (uid && uid !== old.metadata.uid)
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      )
    const prepared = await prepare(kernel, resource, object, old, options, context)
    if (isDeepStrictEqual(unstamped(prepared), unstamped(old))) return old
    if (context.dryRun) return deepFreeze(prepared)
    const stored = settle(kernel, place, key, prepared, old)
    if (stored !== undefined) return stored
    // Another write came first: a change that insists on its version is refused above, any other is made anew.
    if (attempt === ATTEMPTS) throw conflict(resource, name, MODIFIED)
  }
}

async function prepare(
  kernel: Kernel,
  resource: ServedResource,
  object: NewObject,
  old: KubeObject,
  options: UpdateOptions,
  context: WriteContext,
): Promise<KubeObject> {
  const { namespace, name } = old.metadata
  checkPlace(resource, namespace, object)
  keepIdentity(resource, object, old)
  applyDefaults(kernel, resource, object)
  const admission = { operation: 'UPDATE' as const, resource, name, namespace, object, oldObject: old }
  if (await admitMutating(kernel, admission, context)) applyDefaults(kernel, resource, object)
  prepareUpdate(resource, context.subresource, object, old)
  if (!options.managed) recordManager(kernel, resource, old, object, context)
  if (context.subresource !== 'status') allocate(kernel, resource, object, old)
  validateObject(kernel, resource, object, old, context)
  await admitValidating(kernel, admission, context)
  return object as KubeObject
}

/** What no writer may change: the server owns it. */
function keepIdentity(resource: ServedResource, object: NewObject, old: KubeObject): void {
  const { metadata } = object
  metadata.name ||= old.metadata.name
  metadata.uid = old.metadata.uid
  metadata.resourceVersion = old.metadata.resourceVersion
  metadata.creationTimestamp = old.metadata.creationTimestamp
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generateName'] as const) {
    if (old.metadata[field] === undefined) delete metadata[field]
    else Object.assign(metadata, { [field]: old.metadata[field] })
  }
  if (old.metadata.deletionTimestamp !== undefined) refuseNewFinalizers(resource, object, old)
}

function refuseNewFinalizers({ group, kind }: ServedResource, object: NewObject, old: KubeObject): void {
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !old.metadata.finalizers?.includes(finalizer))
  if (added.length === 0) return
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
  throw invalid({ group, kind }, old.metadata.name, [
    { reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' },
  ])
}

/** An object without the times in managedFields: an update that changes nothing else is not a write. */
function unstamped(object: KubeObject): unknown {
  const { managedFields, ...metadata } = object.metadata
  return {
    ...object,
    metadata: { ...metadata, managedFields: managedFields?.map((entry) => ({ ...entry, time: '' })) },
  }
}

/** Stores, or removes an object whose deletion waited for the finalizer that this write took away. */
function settle(
  kernel: Kernel,
  place: string,
  key: string,
  object: KubeObject,
  old: KubeObject,
): KubeObject | undefined {
  const version = old.metadata.resourceVersion
  const waits = old.metadata.deletionTimestamp !== undefined && (old.metadata.deletionGracePeriodSeconds ?? 0) === 0
  const finished =
    waits && !object.metadata.finalizers?.length && !(object['spec']?.finalizers?.length && object.kind === 'Namespace')
  if (finished) return kernel.store.remove(place, key, version, object)
  return kernel.store.put(place, object, version)
}
