import { apiVersionOf, timestamp, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { badRequest, conflict, notFound } from '../../kubernetes/index.ts'
import { checkFields, mergePatch, serverSideApply, type ServedResource } from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { resetFieldsOf, shapeOf } from '../typing.ts'
import { create } from './create.ts'
import { isCustom } from './strategy.ts'
import { update } from './update.ts'

export interface Applied {
  object: KubeObject
  created: boolean
}

/** Server-side apply: makes the object, or merges what the manager wants into it. */
export async function apply(
  kernel: Kernel,
  resource: ServedResource,
  key: string,
  wanted: NewObject,
  options: { force: boolean },
  context: WriteContext,
): Promise<Applied> {
  const name = key.slice(key.indexOf('/') + 1)
  wanted.metadata.name ||= name
  if (kernel.store.get(storageName(resource), key) === undefined) {
    if (context.subresource !== undefined) throw notFound(resource, name)
    if (wanted.metadata.uid)
      throw conflict(
        resource,
        name,
        `uid mismatch: the provided object specified uid ${wanted.metadata.uid}, and no existing object was found`,
      )
    return {
      object: await create(
        kernel,
        resource,
        key.includes('/') ? key.slice(0, key.indexOf('/')) : undefined,
        merge(kernel, resource, undefined, wanted, options, context),
        context,
        true,
      ),
      created: true,
    }
  }
  const change = (live: KubeObject): NewObject => {
    const merged = merge(kernel, resource, live, wanted, options, context)
    // The applied version is a precondition, not content.
    if (wanted.metadata.resourceVersion) merged.metadata.resourceVersion = wanted.metadata.resourceVersion
    return merged
  }
  return { object: await update(kernel, resource, key, { change, managed: true }, context), created: false }
}

function merge(
  kernel: Kernel,
  resource: ServedResource,
  live: KubeObject | undefined,
  wanted: NewObject,
  { force }: { force: boolean },
  context: WriteContext,
): NewObject {
  const shape = shapeOf(kernel, resource)
  if (shape === undefined) return mergePatch(live ?? {}, wanted) as NewObject
  const { object } = serverSideApply({
    shape,
    apiVersion: apiVersionOf(resource),
    manager: context.manager,
    now: timestamp(kernel.clock),
    ...(context.subresource !== undefined && { subresource: context.subresource }),
    resetFields: resetFieldsOf(resource, context.subresource),
    live,
    applied: wanted,
    force,
  })
  // Numbers pass the merge in any form; the type itself wants whole ones.
  const { typeError } = isCustom(resource) ? {} : checkFields(resource, object)
  if (typeError !== undefined)
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${typeError}`,
    )
  return object
}
