import {
  forbidden,
  quantityValue,
  type AdmissionPlugin,
  type Api,
  type KubeObject,
  type NewObject,
  type Resource,
} from '../kubernetes/index.ts'
import { namespaceUsage, quotaAmount, quotaName, quotaUsageOf } from '../controllers/index.ts'

interface Container {
  name: string
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
}

/** ResourceQuota objects: what all objects of a namespace together may use. Usage is counted when it is asked for. */
export function resourceQuota(api: Api): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    handles: ({ operation, subresource, resource }) =>
      operation === 'CREATE' && subresource === undefined && resource.namespaced && resource.plural !== 'events',
    validate({ object, resource, namespace = '', name }) {
      const quotas = api.list('resourcequotas', { namespace })
      if (object === undefined || quotas.length === 0) return
      const asked = quotaUsageOf(resource, object)
      for (const quota of quotas) check(api, quota, resource, object, asked, namespace, name)
    },
  }
}

function check(
  api: Api,
  quota: KubeObject,
  resource: Resource,
  object: NewObject,
  asked: ReturnType<typeof quotaUsageOf>,
  namespace: string,
  name: string,
): void {
  const hard = (quota['spec']?.hard ?? {}) as Record<string, string>
  const relevant = Object.keys(hard).map(quotaName)
  const unspecified = resource.plural === 'pods' && resource.group === '' ? missingRequirements(object, relevant) : []
  if (unspecified.length > 0)
    throw forbidden(resource, name, `failed quota: ${quota.metadata.name}: must specify ${unspecified.join('; ')}`)
  const concerned = relevant.filter((each) => (asked[each] ?? 0) > 0)
  if (concerned.length === 0) return
  const used = namespaceUsage(api, namespace, concerned)
  const limit = (key: string): string => Object.entries(hard).find(([each]) => quotaName(each) === key)?.[1] ?? '0'
  const exceeded = concerned
    .filter((key) => (used[key] ?? 0) + (asked[key] ?? 0) > quantityValue(limit(key)) + 1e-9)
    .sort()
  if (exceeded.length === 0) return
  const list = (of: (key: string) => string): string => exceeded.map((key) => `${key}=${of(key)}`).join(',')
  const amounts = `requested: ${list((key) => quotaAmount(key, asked[key]))}, used: ${list((key) => quotaAmount(key, used[key]))}, limited: ${list(limit)}`
  throw forbidden(resource, name, `exceeded quota: ${quota.metadata.name}, ${amounts}`)
}

const containersOf = (pod: NewObject): Container[] => (pod['spec']?.containers ?? []) as Container[]

/** A quota on a compute resource makes every container say how much of it it wants. */
function missingRequirements(pod: NewObject, relevant: readonly string[]): string[] {
  const missing: string[] = []
  for (const key of [...relevant].sort()) {
    const [kind, name = ''] = key.split('.')
    if ((kind !== 'requests' && kind !== 'limits') || !['cpu', 'memory'].includes(name)) continue
    const silent = containersOf(pod).filter(({ resources }) => resources?.[kind]?.[name] === undefined)
    if (silent.length > 0) missing.push(`${key} for: ${silent.map((container) => container.name).join(',')}`)
  }
  return missing
}
