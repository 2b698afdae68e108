import {
  alreadyExists,
  apiVersionOf,
  badRequest,
  invalid,
  keyOf,
  timestamp,
  type KubeObject,
  type NewObject,
} from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { deepFreeze } from '../../storage/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { applyDefaults, recordManager, validateObject } from '../typing.ts'
import { admitMutating, admitValidating } from './admit.ts'
import { allocate, prepareCreate } from './strategy.ts'

/** Names longer than this leave no room for the random part (apiserver `pkg/storage/names`). */
const GENERATED_PREFIX_CHARACTERS = 58
const GENERATED_SUFFIX_CHARACTERS = 5

/** Everything that happens to a new object, from defaulting to storage. The object given is changed. `managed`: its managedFields are right already. */
export async function create(
  kernel: Kernel,
  resource: ServedResource,
  namespace: string | undefined,
  object: NewObject,
  context: WriteContext,
  managed = false,
): Promise<KubeObject> {
  const { metadata } = object
  checkPlace(resource, namespace, object)
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  if (!metadata.name && !metadata.generateName) throw nameless(resource)
  if (metadata.generateName && !metadata.name)
    metadata.name =
      metadata.generateName.slice(0, GENERATED_PREFIX_CHARACTERS) + kernel.random.suffix(GENERATED_SUFFIX_CHARACTERS)
  applyDefaults(kernel, resource, object)
  const admission = { operation: 'CREATE' as const, resource, name: metadata.name ?? '', namespace, object }
  // Webhooks may have added parts that lack their defaults.
  if (await admitMutating(kernel, admission, context)) applyDefaults(kernel, resource, object)
  Object.assign(object.metadata, { uid: kernel.random.uuid(), creationTimestamp: timestamp(kernel.clock) })
  delete object.metadata.deletionTimestamp
  delete object.metadata.deletionGracePeriodSeconds
  prepareCreate(kernel, resource, object)
  if (!managed) recordManager(kernel, resource, undefined, object, context)
  allocate(kernel, resource, object)
  validateObject(kernel, resource, object, undefined, context)
  await admitValidating(kernel, admission, context)
  return store(kernel, resource, object as KubeObject, context)
}

function nameless({ group, kind }: ServedResource): Error {
  const message = 'Required value: name or generateName is required'
  return invalid({ group, kind }, '', [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }])
}

function store(kernel: Kernel, resource: ServedResource, object: KubeObject, context: WriteContext): KubeObject {
  const name = storageName(resource)
  const there = kernel.store.get(name, keyOf(object))
  if (there) {
    const error = alreadyExists(resource, object.metadata.name)
    if (there.metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.message}`
    throw error
  }
  if (context.dryRun) return deepFreeze(object)
  const stored = kernel.store.put(name, object, undefined)
  if (stored === undefined) throw alreadyExists(resource, object.metadata.name)
  return stored
}

/** The object must be of the resource's kind and stand in the namespace that it is sent to. */
export function checkPlace(resource: ServedResource, namespace: string | undefined, object: NewObject): void {
  object.apiVersion ||= apiVersionOf(resource)
  object.kind ||= resource.kind
  object.metadata ??= {}
  if (!resource.namespaced) {
    delete object.metadata.namespace
    return
  }
  if (object.metadata.namespace && object.metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  object.metadata.namespace = namespace ?? 'default'
}
