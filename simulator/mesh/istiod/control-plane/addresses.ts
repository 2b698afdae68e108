import { createWorkQueue, type KubeObject } from '../../../kubernetes/index.ts'
import { istiodManager, type ControlPlaneContext } from './context.ts'

const resource = 'serviceentries.networking.istio.io'

/** Pilot's own range for services without an address; its first address is 240.240.0.1. */
const firstV4 = [240, 240] as const
const v6Prefix = '2001:2::'

interface Allocated {
  host: string
  value: string
}

/** Gives ServiceEntries without addresses one for each host, in their status, as `PILOT_ENABLE_IP_AUTOALLOCATE` does. */
export function allocateAddresses({ api, clock, log }: ControlPlaneContext): Disposable {
  const taken = new Map<string, number>()
  let next = 1
  const numberOf = (key: string): number => {
    const known = taken.get(key)
    if (known !== undefined) return known
    taken.set(key, next)
    return next++
  }
  const reconcile = async (key: string): Promise<void> => {
    const [namespace, name = ''] = key.split('/')
    const change = (object: KubeObject): void | false => {
      if (!wantsAddresses(object)) return false
      const hosts: string[] = object['spec'].hosts
      const present: Allocated[] = object['status']?.addresses ?? []
      if (hosts.every((host) => present.some((address) => address.host === host))) return false
      const addresses = hosts.flatMap((host): Allocated[] => {
        const number = numberOf(`${key}/${host}`)
        const v4 = `${firstV4[0]}.${firstV4[1]}.${number >> 8}.${number & 0xff}`
        return [
          { host, value: v4 },
          { host, value: `${v6Prefix}${number.toString(16)}` },
        ]
      })
      object['status'] = { ...object['status'], addresses }
    }
    await api.mutate(resource, namespace, name, change, { manager: istiodManager, subresource: 'status' })
  }
  const queue = createWorkQueue({
    clock,
    reconcile,
    report: (error, key) => log(`addresses of ${key}: ${String(error)}`),
  })
  const watch = api.watch(resource, ({ type, object }) => {
    if (type === 'DELETED' || !wantsAddresses(object)) return
    queue.add(`${object.metadata.namespace ?? ''}/${object.metadata.name}`)
  })
  return {
    [Symbol.dispose]() {
      watch[Symbol.dispose]()
      queue[Symbol.dispose]()
    },
  }
}

/** Not for wildcards, not where the entry has addresses or is resolved by nobody, and not where a label says no. */
function wantsAddresses(object: KubeObject): boolean {
  const spec = object['spec']
  const off = object.metadata.labels?.['networking.istio.io/enable-autoallocate-ip'] === 'false'
  if (off || spec === undefined || (spec.addresses ?? []).length > 0) return false
  if (spec.resolution === undefined || spec.resolution === 'NONE') return false
  const hosts: string[] = spec.hosts ?? []
  return hosts.length > 0 && !hosts.some((host) => host.includes('*'))
}
