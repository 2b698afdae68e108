import {
  ApiError,
  timestamp,
  type Api,
  type Clock,
  type KubeObject,
  type NewObject,
  type Random,
  type Resource,
  type ResourceName,
  type WatchEvent,
} from '../index.ts'

/** An Api for tests of rooms below the API server: storage and the life of metadata, without schemas, defaulting and admission. */
export interface MemoryApi extends Api {
  /** Names of the events' reasons and messages so far, oldest first. */
  events(): { type: string; reason: string; message: string; about: string; count: number }[]
}

const kinds: [plural: string, kind: string, namespaced: boolean][] = [
  ['pods', 'Pod', true],
  ['services', 'Service', true],
  ['endpoints', 'Endpoints', true],
  ['configmaps', 'ConfigMap', true],
  ['resourcequotas', 'ResourceQuota', true],
  ['secrets', 'Secret', true],
  ['events', 'Event', true],
  ['serviceaccounts', 'ServiceAccount', true],
  ['persistentvolumeclaims', 'PersistentVolumeClaim', true],
  ['persistentvolumes', 'PersistentVolume', false],
  ['namespaces', 'Namespace', false],
  ['nodes', 'Node', false],
  ['replicasets.apps', 'ReplicaSet', true],
  ['deployments.apps', 'Deployment', true],
  ['statefulsets.apps', 'StatefulSet', true],
  ['daemonsets.apps', 'DaemonSet', true],
  ['controllerrevisions.apps', 'ControllerRevision', true],
  ['jobs.batch', 'Job', true],
  ['cronjobs.batch', 'CronJob', true],
  ['endpointslices.discovery.k8s.io', 'EndpointSlice', true],
  ['poddisruptionbudgets.policy', 'PodDisruptionBudget', true],
  ['leases.coordination.k8s.io', 'Lease', true],
  ['storageclasses.storage.k8s.io', 'StorageClass', false],
  ['priorityclasses.scheduling.k8s.io', 'PriorityClass', false],
]

const resources = new Map<ResourceName, Resource>(
  kinds.map(([name, kind, namespaced]) => {
    const [plural = '', ...rest] = name.split('.')
    return [name, { group: rest.join('.'), version: 'v1', plural, kind, namespaced }]
  }),
)

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}

const keyFor = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`

export function memoryApi({ clock, random }: { clock: Clock; random: Random }): MemoryApi {
  const stores = new Map<string, Map<string, KubeObject>>()
  const listeners = new Map<string, Set<(event: WatchEvent) => void>>()
  let revision = 0

  const nameOf = (object: NewObject): string => {
    const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : ''
    for (const [name, resource] of resources) if (resource.kind === object.kind && resource.group === group) return name
    throw new Error(`no resource for ${object.apiVersion} ${object.kind}`)
  }
  const storeOf = (name: string): Map<string, KubeObject> => {
    if (!resources.has(name)) throw new Error(`no resource ${name}`)
    const store = stores.get(name) ?? new Map<string, KubeObject>()
    stores.set(name, store)
    return store
  }
  const tell = (name: string, event: WatchEvent): void => {
    for (const listener of listeners.get(name) ?? []) listener(event)
  }
  const notFound = (name: string, objectName: string): ApiError =>
    new ApiError(404, 'NotFound', `${name} "${objectName}" not found`)

  const store = (name: string, object: KubeObject, previous: KubeObject | undefined): KubeObject => {
    object.metadata.resourceVersion = String(++revision)
    const key = keyFor(object.metadata.namespace, object.metadata.name)
    const held = object.metadata.finalizers?.length || (object.kind === 'Namespace' && object.spec?.finalizers?.length)
    const gone = object.metadata.deletionTimestamp !== undefined && !held
    if (gone && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0) {
      storeOf(name).delete(key)
      tell(name, { type: 'DELETED', object: freeze(object), ...(previous ? { previous } : {}) })
      return object
    }
    storeOf(name).set(key, freeze(object))
    tell(name, previous ? { type: 'MODIFIED', object, previous } : { type: 'ADDED', object })
    return object
  }

  const write = (object: NewObject, subresource?: string): KubeObject => {
    const name = nameOf(object)
    const { namespace, name: objectName = '', resourceVersion } = object.metadata
    const before = storeOf(name).get(keyFor(namespace, objectName))
    if (before === undefined) throw notFound(name, objectName)
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      throw new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${name} "${objectName}"`)
    }
    const changed: object = subresource === 'status' ? { ...before, status: object.status } : { ...before, ...object }
    const after = structuredClone(changed) as KubeObject
    if (name === 'namespaces' && subresource !== 'finalize') after.spec = structuredClone(before.spec)
    after.metadata = structuredClone(
      subresource === 'status' ? before.metadata : { ...object.metadata, uid: before.metadata.uid },
    ) as KubeObject['metadata']
    if (before.metadata.deletionTimestamp) {
      after.metadata.deletionTimestamp = before.metadata.deletionTimestamp
      after.metadata.deletionGracePeriodSeconds = before.metadata.deletionGracePeriodSeconds ?? 0
    }
    if (subresource === undefined && before.status !== undefined) after.status = structuredClone(before.status)
    if (JSON.stringify(after) === JSON.stringify(before)) return before
    if (JSON.stringify(after.spec) !== JSON.stringify(before.spec)) {
      after.metadata.generation = (before.metadata.generation ?? 1) + 1
    }
    return store(name, after, before)
  }

  const api: MemoryApi = {
    resource: (name) => resources.get(name),
    get: (name, namespace, objectName) => storeOf(name).get(keyFor(namespace, objectName)),
    list: (name, { namespace, labels } = {}) =>
      [...(stores.get(name)?.values() ?? [])].filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) &&
          Object.entries(labels ?? {}).every(([key, value]) => metadata.labels?.[key] === value),
      ),
    create: async (given) => {
      const object = structuredClone(given) as KubeObject
      const name = nameOf(given)
      object.metadata = {
        ...object.metadata,
        name: object.metadata.name ?? `${object.metadata.generateName}${random.suffix(5)}`,
        uid: random.uuid(),
        creationTimestamp: timestamp(clock),
        generation: 1,
      }
      if (storeOf(name).has(keyFor(object.metadata.namespace, object.metadata.name))) {
        throw new ApiError(409, 'AlreadyExists', `${name} "${object.metadata.name}" already exists`)
      }
      if (object.kind === 'Namespace') object.spec = { finalizers: ['kubernetes'] }
      if (object.kind === 'Pod') object.status = { phase: 'Pending', ...object.status }
      return store(name, object, undefined)
    },
    update: async (object, options) => {
      if (options?.subresource !== 'binding') return write(object, options?.subresource)
      const { namespace, name = '' } = object.metadata
      const pod = storeOf('pods').get(keyFor(namespace, name))
      if (pod === undefined) throw notFound('pods', name)
      const bound = structuredClone(pod)
      bound.spec.nodeName = object.target.name
      const scheduled = {
        type: 'PodScheduled',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: timestamp(clock),
      }
      bound.status = { ...bound.status, conditions: [scheduled] }
      return store('pods', bound, pod)
    },
    mutate: async (name, namespace, objectName, change, options) => {
      const before = storeOf(name).get(keyFor(namespace, objectName))
      if (before === undefined) return undefined
      const copy = structuredClone(before)
      return change(copy) === false ? before : write(copy, options?.subresource)
    },
    apply: async (object) => {
      const exists = storeOf(nameOf(object)).has(keyFor(object.metadata.namespace, object.metadata.name ?? ''))
      return exists ? write(object) : api.create(object)
    },
    delete: async (name, namespace, objectName, options = {}) => {
      const before = storeOf(name).get(keyFor(namespace, objectName))
      if (before === undefined || (options.uid !== undefined && options.uid !== before.metadata.uid)) return
      const object = structuredClone(before)
      const running = name === 'pods' && object.spec?.nodeName !== undefined
      const grace = running ? (options.gracePeriodSeconds ?? object.spec.terminationGracePeriodSeconds ?? 30) : 0
      if (
        object.metadata.deletionTimestamp !== undefined &&
        grace >= (object.metadata.deletionGracePeriodSeconds ?? 0) &&
        grace > 0
      ) {
        return
      }
      object.metadata.deletionTimestamp ??= timestamp(clock)
      object.metadata.deletionGracePeriodSeconds = grace
      const finalizer = { Foreground: 'foregroundDeletion', Orphan: 'orphan', Background: '' }[
        options.propagation ?? 'Background'
      ]
      if (finalizer !== '') object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer]
      if (name === 'namespaces') object.status = { ...object.status, phase: 'Terminating' }
      store(name, object, before)
    },
    watch: (name, listener) => {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(listener))
      if (resources.has(name)) for (const object of storeOf(name).values()) listener({ type: 'ADDED', object })
      return { [Symbol.dispose]: () => void set.delete(listener) }
    },
    events: () =>
      [...storeOf('events').values()].map(({ type, reason, message, involvedObject, count, series }) => ({
        type,
        reason,
        message,
        about: `${involvedObject.kind}/${involvedObject.name}`,
        count: series?.count ?? count ?? 1,
      })),
  }
  return api
}
