import { apiVersionOf, timestamp, type KubeObject, type NewObject } from '../kubernetes/index.ts'
import {
  applyDefaults as defaulted,
  conform,
  customSchema,
  emptyObject,
  invalidError,
  mergeShape,
  trackUpdate,
  typeNamed,
  validate,
  type CustomSchema,
  type ServedResource,
  type Shape,
} from '../schema/index.ts'
import type { Kernel, WriteContext } from './kernel.ts'

/** Where the server meets the types: built-in ones and those of custom resource definitions. */

export function schemaOf(kernel: Kernel, resource: ServedResource): CustomSchema | undefined {
  const schema = kernel.customs.schema(resource)
  return schema && customSchema(schema)
}

/** Reads the object into its type and fills in what the type's defaults say, in place. */
export function applyDefaults(kernel: Kernel, resource: ServedResource, object: NewObject): void {
  const schema = schemaOf(kernel, resource)
  if (schema) {
    schema.prune(object)
    schema.applyDefaults(object)
    const metadata = typeNamed('meta.v1.ObjectMeta')
    if (metadata) object.metadata = conform(metadata, object.metadata)
    return
  }
  const held = defaulted(resource, object)
  if (held === object) return
  for (const key of Object.keys(object)) if (!(key in held)) delete object[key]
  Object.assign(object, held)
}

/** Ways of writing that may change what an ordinary update may not: a binding sets the pod's node. */
const ownRules = new Set(['binding', 'ephemeralcontainers', 'resize', 'finalize', 'status'])

/** Throws 422 when the object breaks a rule of its type. */
export function validateObject(
  kernel: Kernel,
  resource: ServedResource,
  object: NewObject,
  old: KubeObject | undefined,
  { subresource }: WriteContext,
): void {
  // What is stored already was valid when it was written: a status must get through all the same.
  if (subresource === 'status' && schemaOf(kernel, resource) === undefined) return
  const before = subresource !== undefined && ownRules.has(subresource) ? undefined : old
  const causes = [...validate(resource, object, before), ...(schemaOf(kernel, resource)?.validate(object, old) ?? [])]
  if (causes.length > 0) throw invalidError(resource, object.metadata.name ?? '', causes)
}

/** How objects of a resource merge; undefined when nothing is known of their type. */
export function shapeOf(kernel: Kernel, resource: ServedResource): Shape | undefined {
  return schemaOf(kernel, resource)?.shape ?? mergeShape(apiVersionOf(resource), resource.kind)
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
