import { isDeepStrictEqual } from 'node:util'
import { timestamp, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { prepareForCreate, prepareForUpdate, type ServedResource } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'

/** Custom resources come last in discovery and have no place of their own there. */
export function isCustom(resource: ServedResource): boolean {
  return resource.order < 0
}

export function hasStatus(resource: ServedResource): boolean {
  return resource.subresources.some((subresource) => subresource.name === 'status')
}

/** What the type's own strategy does to a new object before it is validated. */
export function prepareCreate(kernel: Kernel, resource: ServedResource, object: NewObject): void {
  if (!isCustom(resource)) prepareForCreate(resource, object, timestamp(kernel.clock))
  else {
    object.metadata.generation = 1
    if (hasStatus(resource)) delete object['status']
  }
}

/** Fills in what must be unique in the cluster; after managedFields, for nobody owns what the server chose. */
export function allocate(kernel: Kernel, resource: ServedResource, object: NewObject, old?: KubeObject): void {
  if (resource.kind === 'Service' && resource.group === '') kernel.allocator.allocate(object, old)
}

/**
 * What the type's own strategy does to a changed object: parts that this way of writing may not change are put back,
 * and the generation grows when the content did.
 */
export function prepareUpdate(
  resource: ServedResource,
  subresource: string | undefined,
  object: NewObject,
  old: KubeObject,
): void {
  if (subresource === 'status') return keepAllButStatus(resource, object, old)
  if (isCustom(resource)) return prepareCustomUpdate(resource, object, old)
  const { status, spec } = object
  prepareForUpdate(resource, object, old)
  if (subresource === 'binding' && status !== undefined) object['status'] = status
  if (subresource === 'finalize') object['spec'] = spec
}

function keepAllButStatus(resource: ServedResource, object: NewObject, old: KubeObject): void {
  for (const key of new Set([...Object.keys(object), ...Object.keys(old)]))
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(key)) restore(object, old, key)
  const { managedFields } = object.metadata
  if (isCustom(resource)) object.metadata = { ...old.metadata, ...(managedFields && { managedFields }) }
  if (old.metadata.generation === undefined) delete object.metadata.generation
  else object.metadata.generation = old.metadata.generation
}

function prepareCustomUpdate(resource: ServedResource, object: NewObject, old: KubeObject): void {
  if (hasStatus(resource)) restore(object, old, 'status')
  const content = (each: NewObject | KubeObject): unknown => ({ ...each, metadata: undefined })
  const changed = !isDeepStrictEqual(content(object), content(old))
  object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0)
}

function restore(object: NewObject, old: KubeObject, key: string): void {
  if (old[key] === undefined) delete object[key]
  else object[key] = old[key]
}
