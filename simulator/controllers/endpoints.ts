import {
  createWorkQueue,
  keyOf,
  matchesSelector,
  timestamp,
  type Clock,
  type KubeObject,
  type NewObject,
} from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'
import { controlledBy, watchOwned } from './owned.ts'
import { isReady } from './pods.ts'

const slices = 'endpointslices.discovery.k8s.io'
const serviceLabel = 'kubernetes.io/service-name'
const sliceManager = 'endpointslice-controller.k8s.io'
const headlessLabel = 'service.kubernetes.io/headless'
const changedAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
// --max-endpoints-per-slice
const endpointsPerSlice = 100

/** Keeps EndpointSlices and Endpoints of services that have a selector. */
export const endpointsController: Controller = ({ api, clock, report }) => {
  // Services by namespace, so that a pod's change asks few of them.
  const services = new Map<string, Map<string, KubeObject>>()

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const service = api.get('services', namespace, name)
    if (service === undefined) return api.delete('endpoints', namespace, name, { manager })
    if (service.spec.selector === undefined || service.spec.type === 'ExternalName') return
    const pods = api
      .list('pods', { namespace })
      .filter((pod) => matchesSelector({ matchLabels: service.spec.selector }, pod.metadata.labels) && hasAddress(pod))
      .toSorted((a, b) => compareAddresses(a.status.podIP, b.status.podIP))
    const groups = groupByPorts(service, pods)
    await writeSlices(service, groups)
    await writeEndpoints(service, groups)
  }

  const writeSlices = async (service: KubeObject, groups: readonly Group[]): Promise<void> => {
    const present = [...owned.of(service.metadata.uid)].filter(
      ({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === sliceManager,
    )
    const wanted = groups.flatMap(({ ports, pods }) =>
      chunks(pods).map((chunk) => ({ ports, endpoints: chunk.map((pod) => endpointOf(service, pod)) })),
    )
    // An existing slice keeps its ports where it can.
    for (const { ports, endpoints } of wanted) {
      const at = present.findIndex((slice) => JSON.stringify(slice.ports) === JSON.stringify(ports))
      const [slice] = present.splice(at === -1 ? 0 : at, 1)
      if (slice === undefined) await api.create(newSlice(clock, service, ports, endpoints), { manager })
      else {
        await api.mutate(
          slices,
          slice.metadata.namespace,
          slice.metadata.name,
          (current) => {
            const labels = sliceLabels(service)
            const same =
              JSON.stringify([current.ports, current.endpoints]) === JSON.stringify([ports, endpoints]) &&
              Object.entries(labels).every(([key, value]) => current.metadata.labels?.[key] === value)
            if (same) return false
            Object.assign(current, { ports, endpoints })
            current.metadata.labels = labels
            current.metadata.annotations = { ...current.metadata.annotations, [changedAnnotation]: timestamp(clock) }
          },
          { manager },
        )
      }
    }
    for (const { metadata } of present) await api.delete(slices, metadata.namespace, metadata.name, { manager })
  }

  const writeEndpoints = async (service: KubeObject, groups: readonly Group[]): Promise<void> => {
    const { namespace = '', name } = service.metadata
    const subsets = subsetsOf(service, groups)
    const labels = {
      ...service.metadata.labels,
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    }
    const annotations = subsets.length === 0 ? {} : { annotations: { [changedAnnotation]: timestamp(clock) } }
    if (api.get('endpoints', namespace, name) === undefined) {
      const metadata = { name, namespace, labels, ...annotations }
      await api.create(
        { apiVersion: 'v1', kind: 'Endpoints', metadata, ...(subsets.length > 0 ? { subsets } : {}) },
        { manager },
      )
      return
    }
    await api.mutate(
      'endpoints',
      namespace,
      name,
      (current) => {
        if (JSON.stringify(current.subsets ?? []) === JSON.stringify(subsets)) return false
        if (subsets.length > 0) current.subsets = subsets
        else delete current.subsets
        current.metadata.labels = labels
        current.metadata.annotations = { ...current.metadata.annotations, [changedAnnotation]: timestamp(clock) }
      },
      { manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const owned = watchOwned(api, slices, (slice) => {
    const name = slice.metadata.labels?.[serviceLabel]
    if (name !== undefined && slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === sliceManager) {
      queue.add(`${slice.metadata.namespace}/${name}`)
    }
  })
  const watches = [
    api.watch('services', ({ type, object }) => {
      const { namespace = '' } = object.metadata
      const here = services.get(namespace) ?? new Map<string, KubeObject>()
      services.set(namespace, here)
      if (type === 'DELETED') here.delete(keyOf(object))
      else here.set(keyOf(object), object)
      queue.add(keyOf(object))
    }),
    api.watch('pods', ({ type, object, previous }) => {
      if (type === 'MODIFIED' && previous !== undefined && shows(previous) === shows(object)) return
      for (const [key, service] of services.get(object.metadata.namespace ?? '') ?? []) {
        const selector = { matchLabels: service.spec.selector ?? {} }
        if (service.spec.selector === undefined) continue
        const matches = (pod: KubeObject | undefined) =>
          pod !== undefined && matchesSelector(selector, pod.metadata.labels)
        if (matches(object) || matches(previous)) queue.add(key)
      }
    }),
  ]
  return together([...watches, owned, queue])
}

interface Port {
  name?: string
  protocol: string
  port: number
  appProtocol?: string
}

interface Group {
  ports: Port[]
  pods: KubeObject[]
}

/** What of a pod endpoints tell. */
function shows(pod: KubeObject): string {
  return JSON.stringify([
    pod.metadata.labels,
    pod.metadata.deletionTimestamp,
    hasAddress(pod),
    pod.status?.podIP,
    isReady(pod),
  ])
}

function hasAddress({ status }: KubeObject): boolean {
  return Boolean(status?.podIP) && status.phase !== 'Succeeded' && status.phase !== 'Failed'
}

function compareAddresses(a: string, b: string): number {
  const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return number(a) - number(b)
}

function portsFor(service: KubeObject, pod: KubeObject): Port[] {
  const found: Port[] = []
  for (const { name, protocol = 'TCP', port, targetPort = port, appProtocol } of service.spec.ports ?? []) {
    const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, targetPort, protocol)
    if (number === undefined) continue
    found.push({ name: name ?? '', protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) })
  }
  return found
}

function namedPort(pod: KubeObject, wanted: string, protocol: string): number | undefined {
  const containers: KubeObject['spec'][] = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter(
      ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === 'Always',
    ),
  ]
  for (const { ports = [] } of containers) {
    const port = ports.find(
      (other: { name?: string; protocol?: string }) => other.name === wanted && (other.protocol ?? 'TCP') === protocol,
    )
    if (port !== undefined) return port.containerPort
  }
  return Number(wanted) || undefined
}

/** Pods with equal port numbers stand together; a service without pods has one empty group. */
function groupByPorts(service: KubeObject, pods: readonly KubeObject[]): Group[] {
  const groups = new Map<string, Group>()
  for (const pod of pods) {
    const ports = portsFor(service, pod)
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ports, pods: [] }
    groups.set(key, group)
    group.pods.push(pod)
  }
  return groups.size === 0 ? [{ ports: [], pods: [] }] : [...groups.values()]
}

function chunks(pods: readonly KubeObject[]): KubeObject[][] {
  const count = Math.max(1, Math.ceil(pods.length / endpointsPerSlice))
  return Array.from({ length: count }, (_, index) =>
    pods.slice(index * endpointsPerSlice, (index + 1) * endpointsPerSlice),
  )
}

function targetOf(pod: KubeObject) {
  return { kind: 'Pod', name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid }
}

function hostnameOf(service: KubeObject, { spec, metadata }: KubeObject): { hostname?: string } {
  const named =
    spec.hostname && spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace
  return named ? { hostname: spec.hostname } : {}
}

function endpointOf(service: KubeObject, pod: KubeObject) {
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const serving = isReady(pod)
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  return {
    addresses: [pod.status.podIP],
    conditions: { ready, serving, terminating },
    ...hostnameOf(service, pod),
    targetRef: targetOf(pod),
    nodeName: pod.spec.nodeName,
  }
}

function sliceLabels(service: KubeObject): Record<string, string> {
  return {
    ...service.metadata.labels,
    'endpointslice.kubernetes.io/managed-by': sliceManager,
    [serviceLabel]: service.metadata.name,
    ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  }
}

function newSlice(clock: Clock, service: KubeObject, ports: Port[], endpoints: object[]): NewObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace ?? '',
      labels: sliceLabels(service),
      ...(endpoints.length > 0 ? { annotations: { [changedAnnotation]: timestamp(clock) } } : {}),
      ownerReferences: [controlledBy(service)],
    },
    addressType: 'IPv4',
    ports,
    endpoints,
  }
}

/** v1 Endpoints: ready and unready addresses by ports; terminating pods are in neither. */
function subsetsOf(service: KubeObject, groups: readonly Group[]): object[] {
  return groups.flatMap(({ ports, pods }) => {
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    if (staying.length === 0) return []
    const address = (pod: KubeObject) => ({
      ip: pod.status.podIP,
      ...hostnameOf(service, pod),
      nodeName: pod.spec.nodeName,
      targetRef: targetOf(pod),
    })
    const everyone = service.spec.publishNotReadyAddresses === true
    const ready = staying.filter((pod) => everyone || isReady(pod)).map(address)
    const unready = staying.filter((pod) => !everyone && !isReady(pod)).map(address)
    const unnamed = ports.map(({ name, ...port }) => (name ? { name, ...port } : port))
    return [
      {
        ...(ready.length > 0 ? { addresses: ready } : {}),
        ...(unready.length > 0 ? { notReadyAddresses: unready } : {}),
        ...(unnamed.length > 0 ? { ports: unnamed } : {}),
      },
    ]
  })
}
