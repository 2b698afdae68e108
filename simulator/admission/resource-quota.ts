import {
  forbidden,
  qualified,
  quantityValue,
  type AdmissionPlugin,
  type Api,
  type KubeObject,
  type NewObject,
  type Resource,
} from '../kubernetes/index.ts'

type Usage = Record<string, number>

interface Container {
  name: string
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
}

/** Plural resources that have a quota name of their own, without `count/`. */
const counted = new Set([
  'pods',
  'services',
  'configmaps',
  'secrets',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
])
const bytes = new Set(['memory', 'storage', 'ephemeral-storage'])

/** ResourceQuota objects: what all objects of a namespace together may use. Usage is counted when it is asked for. */
export function resourceQuota(api: Api): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    handles: ({ operation, subresource, resource }) =>
      operation === 'CREATE' && subresource === undefined && resource.namespaced && resource.plural !== 'events',
    validate({ object, resource, namespace = '', name }) {
      const quotas = api.list('resourcequotas', { namespace })
      if (object === undefined || quotas.length === 0) return
      const asked = usageOf(resource, object)
      for (const quota of quotas) check(api, quota, resource, object, asked, namespace, name)
    },
  }
}

function check(
  api: Api,
  quota: KubeObject,
  resource: Resource,
  object: NewObject,
  asked: Usage,
  namespace: string,
  name: string,
): void {
  const hard = (quota['spec']?.hard ?? {}) as Record<string, string>
  const relevant = Object.keys(hard).map(canonical)
  const unspecified = resource.plural === 'pods' && resource.group === '' ? missingRequirements(object, relevant) : []
  if (unspecified.length > 0)
    throw forbidden(resource, name, `failed quota: ${quota.metadata.name}: must specify ${unspecified.join('; ')}`)
  const concerned = relevant.filter((each) => (asked[each] ?? 0) > 0)
  if (concerned.length === 0) return
  const used: Usage = {}
  for (const other of api.list(qualified(resource), { namespace })) {
    if (['Succeeded', 'Failed'].includes(other['status']?.phase)) continue
    for (const [key, value] of Object.entries(usageOf(resource, other))) used[key] = (used[key] ?? 0) + value
  }
  const limit = (key: string): string => Object.entries(hard).find(([each]) => canonical(each) === key)?.[1] ?? '0'
  const exceeded = concerned
    .filter((key) => (used[key] ?? 0) + (asked[key] ?? 0) > quantityValue(limit(key)) + 1e-9)
    .sort()
  if (exceeded.length === 0) return
  const list = (of: (key: string) => string): string => exceeded.map((key) => `${key}=${of(key)}`).join(',')
  const amounts = `requested: ${list((key) => show(key, asked[key]))}, used: ${list((key) => show(key, used[key]))}, limited: ${list(limit)}`
  throw forbidden(resource, name, `exceeded quota: ${quota.metadata.name}, ${amounts}`)
}

/** `cpu` in a quota means `requests.cpu`. */
function canonical(name: string): string {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) ? `requests.${name}` : name
}

function usageOf(resource: Resource, object: NewObject): Usage {
  const usage: Usage = { [`count/${qualified(resource)}`]: 1 }
  if (resource.group !== '') return usage
  if (counted.has(resource.plural)) usage[resource.plural] = 1
  if (resource.plural === 'pods') addPod(usage, object)
  if (resource.plural === 'services') {
    const { type, ports = [] } = object['spec'] as { type?: string; ports?: unknown[] }
    if (type === 'NodePort' || type === 'LoadBalancer') usage['services.nodeports'] = ports.length
    if (type === 'LoadBalancer') usage['services.loadbalancers'] = 1
  }
  if (resource.plural === 'persistentvolumeclaims')
    usage['requests.storage'] = quantityValue(object['spec']?.resources?.requests?.storage)
  return usage
}

function addPod(usage: Usage, pod: NewObject): void {
  for (const { resources } of containersOf(pod)) {
    for (const [name, value] of Object.entries(resources?.requests ?? {}))
      usage[`requests.${name}`] = (usage[`requests.${name}`] ?? 0) + quantityValue(value)
    for (const [name, value] of Object.entries(resources?.limits ?? {}))
      usage[`limits.${name}`] = (usage[`limits.${name}`] ?? 0) + quantityValue(value)
  }
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

function show(key: string, value = 0): string {
  const name = key.split('.').at(-1) ?? ''
  if (name === 'cpu') return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`
  if (!bytes.has(name) || value === 0) return String(value)
  for (const [suffix, unit] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (value % unit === 0) return `${value / unit}${suffix}`
  return String(value)
}
