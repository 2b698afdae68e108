import { ApiError, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { create } from './create.ts'

export interface Applied {
  object: KubeObject
  created: boolean
}

/** Server-side apply: makes the object, or merges what the manager wants into it. */
export async function apply(
  kernel: Kernel,
  resource: ServedResource,
  key: string,
  object: NewObject,
  _options: { force: boolean },
  context: WriteContext,
): Promise<Applied> {
  if (kernel.store.get(storageName(resource), key) === undefined)
    return { object: await create(kernel, resource, object.metadata.namespace, object, context), created: true }
  throw new ApiError(415, 'UnsupportedMediaType', 'server-side apply of an existing object is not supported yet')
}
