import { isDeepStrictEqual } from 'node:util'
import { createWorkQueue, keyOf } from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'
import { watchEverything } from './every-resource.ts'
import { namespaceUsage, quotaAmount } from './quota-usage.ts'

const resource = 'resourcequotas'

/** Writes into every ResourceQuota what its namespace uses of it. */
export const resourceQuotaController: Controller = ({ api, clock, report }) => {
  const byNamespace = new Map<string, Set<string>>()
  const queue = createWorkQueue({
    clock,
    report,
    reconcile: async (key) => {
      const [namespace = '', name = ''] = key.split('/')
      const quota = api.get(resource, namespace, name)
      if (quota === undefined) return
      const hard: Record<string, string> = quota.spec?.hard ?? {}
      const usage = namespaceUsage(api, namespace, Object.keys(hard))
      const used = Object.fromEntries(Object.entries(usage).map(([each, value]) => [each, quotaAmount(each, value)]))
      await api.mutate(
        resource,
        namespace,
        name,
        (object) => {
          if (isDeepStrictEqual(object.status, { hard, used })) return false
          object.status = { hard, used }
        },
        { subresource: 'status', manager },
      )
    },
  })
  const quotas = api.watch(resource, ({ type, object }) => {
    const { namespace = '' } = object.metadata
    const keys = byNamespace.get(namespace) ?? new Set()
    byNamespace.set(namespace, keys)
    if (type === 'DELETED') keys.delete(keyOf(object))
    else {
      keys.add(keyOf(object))
      queue.add(keyOf(object))
    }
    if (keys.size === 0) byNamespace.delete(namespace)
  })
  const everything = watchEverything(api, (name, { object }) => {
    if (name !== resource) for (const key of byNamespace.get(object.metadata.namespace ?? '') ?? []) queue.add(key)
  })
  return together([queue, quotas, everything])
}
