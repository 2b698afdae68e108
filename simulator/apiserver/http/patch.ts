import { ApiError } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'
import type { Call } from './call.ts'

export async function patchObject(_kernel: Kernel, _resource: ServedResource, _call: Call): Promise<void> {
  throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}
