import { apiVersionOf, timestamp, type KubeObject, type NewObject } from '../kubernetes/index.ts'
import {
  applyDefaults as defaulted,
  emptyObject,
  mergeShape,
  trackUpdate,
  type ServedResource,
  type Shape,
} from '../schema/index.ts'
import type { Kernel, WriteContext } from './kernel.ts'

/** Where the server meets the types: built-in ones and those of custom resource definitions. */

/** Reads the object into its type and fills in what the type's defaults say, in place. */
export function applyDefaults(_kernel: Kernel, resource: ServedResource, object: NewObject): void {
  const held = defaulted(resource, object)
  if (held === object) return
  for (const key of Object.keys(object)) if (!(key in held)) delete object[key]
  Object.assign(object, held)
}

/** Throws 422 when the object breaks a rule of its type. */
export function validateObject(
  _kernel: Kernel,
  _resource: ServedResource,
  _object: NewObject,
  _old: KubeObject | undefined,
  _context: WriteContext,
): void {}

/** How objects of a resource merge; undefined when nothing is known of their type. */
export function shapeOf(_kernel: Kernel, resource: ServedResource): Shape | undefined {
  return mergeShape(apiVersionOf(resource), resource.kind)
}

/** Parts that a way of writing does not reach: nobody comes to own them by it. */
export function resetFieldsOf(resource: ServedResource, subresource: string | undefined): string[] {
  if (subresource === 'status') return ['spec']
  return resource.subresources.some(({ name }) => name === 'status') ? ['status'] : []
}

/** Writes into managedFields who changed what. */
export function recordManager(
  kernel: Kernel,
  resource: ServedResource,
  old: KubeObject | undefined,
  object: NewObject,
  context: WriteContext,
): void {
  const shape = shapeOf(kernel, resource)
  if (shape === undefined) return
  const apiVersion = apiVersionOf(resource)
  const { metadata } = trackUpdate({
    shape,
    apiVersion,
    manager: context.manager,
    now: timestamp(kernel.clock),
    ...(context.subresource !== undefined && { subresource: context.subresource }),
    resetFields: resetFieldsOf(resource, context.subresource),
    before: old ?? emptyObject(apiVersion, resource.kind),
    after: object,
    created: old === undefined,
  })
  if (metadata.managedFields) object.metadata.managedFields = metadata.managedFields
  else delete object.metadata.managedFields
}

/** Looks at an object as it came: unknown and duplicate fields (refused, warned of, or let pass), values of a wrong type (always refused). */
export function checkBody(
  _kernel: Kernel,
  _resource: ServedResource,
  _decoded: { object: NewObject; text?: string; yaml: boolean },
  _context: WriteContext,
): void {}

/** The same for an object that a patch made. */
export function checkPatched(
  _kernel: Kernel,
  _resource: ServedResource,
  _patched: { patched: NewObject; patch: unknown; type: string },
  _context: WriteContext,
): void {}
