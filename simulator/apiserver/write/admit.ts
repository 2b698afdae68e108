import type { AdmissionRequest, KubeObject, NewObject, Resource } from '../../kubernetes/index.ts'
import type { Kernel, WriteContext } from '../kernel.ts'

interface Admission {
  operation: AdmissionRequest['operation']
  resource: Resource
  name: string
  namespace: string | undefined
  object?: NewObject
  oldObject?: KubeObject
}

function requestOf(admission: Admission, context: WriteContext): AdmissionRequest {
  const { namespace, ...rest } = admission
  return {
    ...rest,
    ...(namespace !== undefined && { namespace }),
    ...(context.subresource !== undefined && { subresource: context.subresource }),
    user: context.user,
    dryRun: context.dryRun,
    warn: context.warn,
  }
}

/** Lets the mutating plugins change the object in place; resolves to whether any of them had a say. */
export async function admitMutating(kernel: Kernel, admission: Admission, context: WriteContext): Promise<boolean> {
  const request = requestOf(admission, context)
  let asked = false
  for (const plugin of kernel.admission) {
    if (!plugin.mutate || !plugin.handles(request)) continue
    asked = true
    await plugin.mutate(request)
  }
  return asked
}

export async function admitValidating(kernel: Kernel, admission: Admission, context: WriteContext): Promise<void> {
  const request = requestOf(admission, context)
  for (const plugin of kernel.admission) if (plugin.validate && plugin.handles(request)) await plugin.validate(request)
}
