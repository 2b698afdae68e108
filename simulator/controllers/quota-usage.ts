import {
  qualified,
  quantityValue,
  type Api,
  type KubeObject,
  type NewObject,
  type Resource,
} from '../kubernetes/index.ts'

/** What objects take from a ResourceQuota, by the names that a quota has for it. */
export type QuotaUsage = Record<string, number>

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

/** `cpu` in a quota means `requests.cpu`. */
export function quotaName(name: string): string {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) ? `requests.${name}` : name
}

/** What one object takes. Pods that have ended take nothing but their place among the objects. */
export function quotaUsageOf(resource: Pick<Resource, 'group' | 'plural'>, object: NewObject): QuotaUsage {
  const usage: QuotaUsage = { [`count/${qualified(resource)}`]: 1 }
  if (resource.group !== '' || ['Succeeded', 'Failed'].includes(object['status']?.phase)) return usage
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

function addPod(usage: QuotaUsage, pod: NewObject): void {
  for (const { resources } of (pod['spec']?.containers ?? []) as KubeObject['spec'][])
    for (const kind of ['requests', 'limits'])
      for (const [name, value] of Object.entries(resources?.[kind] ?? {}))
        usage[`${kind}.${name}`] = (usage[`${kind}.${name}`] ?? 0) + quantityValue(value as string)
}

/** The resource whose objects take from that name of a quota. */
function takenBy(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length)
  if (name === 'requests.storage') return 'persistentvolumeclaims'
  if (name.startsWith('services')) return 'services'
  return counted.has(name) ? name : 'pods'
}

/** What all objects of a namespace together take of each of these names. */
export function namespaceUsage(api: Api, namespace: string, names: readonly string[]): QuotaUsage {
  const usage: QuotaUsage = Object.fromEntries(names.map((name) => [name, 0]))
  for (const taker of new Set(names.map((name) => takenBy(quotaName(name))))) {
    const resource = api.resource(taker)
    if (resource === undefined) continue
    for (const object of api.list(taker, { namespace })) {
      const taken = quotaUsageOf(resource, object)
      for (const name of names)
        if (takenBy(quotaName(name)) === taker) usage[name] = (usage[name] ?? 0) + (taken[quotaName(name)] ?? 0)
    }
  }
  return usage
}

/** An amount as Kubernetes writes it: `200m` of a CPU, `64Mi` of memory, `7` pods. */
export function quotaAmount(quotaName: string, value = 0): string {
  const name = quotaName.split('.').at(-1) ?? ''
  const milli = Math.round(value * 1000)
  if (name === 'cpu') return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`
  if (!bytes.has(name) || value === 0) return String(value)
  for (const [suffix, unit] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (value % unit === 0) return `${value / unit}${suffix}`
  return String(value)
}
