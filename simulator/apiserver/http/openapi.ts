import type { Kernel } from '../kernel.ts'
import type { Call } from './call.ts'

/** Documents that describe the types; false when the path is none of them. */
export async function openApiPage(_kernel: Kernel, _call: Call): Promise<boolean> {
  return false
}
