import type { Tree } from '../../schema/tree.ts'
import { since } from './format.ts'
import { policyRows } from './policy-rows.ts'
import { storageRows } from './storage-rows.ts'

type Row = (object: Tree, now: number) => unknown[]
const ageOf = (object: Tree, now: number): string => since(object.metadata.creationTimestamp, now)
const size = (map: Tree): number => Object.keys(map ?? {}).length
const nameAge: Row = (object, now) => [object.metadata.name, ageOf(object, now)]

const rolePrefix = 'node-role.kubernetes.io/'

function nodeRoles(labels: Record<string, string> = {}): string {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)]
    return key === 'kubernetes.io/role' && value ? [value] : []
  })
  return [...new Set(roles)].filter(Boolean).sort().join(',') || '<none>'
}

function nodeStatus({ spec, status }: Tree): string {
  const ready = (status?.conditions ?? []).find((condition: Tree) => condition.type === 'Ready')
  const parts = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown']
  if (spec?.unschedulable) parts.push('SchedulingDisabled')
  return parts.join(',')
}

const node: Row = (object, now) => {
  const { status = {} } = object
  const address = (type: string): string =>
    (status.addresses ?? []).find((candidate: Tree) => candidate.type === type)?.address ?? '<none>'
  const info = status.nodeInfo ?? {}
  return [
    object.metadata.name,
    nodeStatus(object),
    nodeRoles(object.metadata.labels),
    ageOf(object, now),
    info.kubeletVersion ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    info.osImage || '<unknown>',
    info.kernelVersion || '<unknown>',
    info.containerRuntimeVersion || '<unknown>',
  ]
}

const quota: Row = (object, now) => {
  const { hard = {}, used = {} } = object.status ?? {}
  const texts = (wanted: boolean): string =>
    Object.keys(hard)
      .sort()
      .filter((name) => name.startsWith('limits') === wanted)
      .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
      .join(', ')
  return [object.metadata.name, texts(false), texts(true), ageOf(object, now)]
}

const apiService: Row = (object, now) => {
  const { service } = object.spec
  const available = (object.status?.conditions ?? []).find((condition: Tree) => condition.type === 'Available')
  const state = available?.status === 'False' ? `False (${available.reason})` : available?.status
  return [
    object.metadata.name,
    service ? `${service.namespace}/${service.name}` : 'Local',
    state ?? 'Unknown',
    ageOf(object, now),
  ]
}

function certificateState({ status = {} }: Tree): string {
  const types = (status.conditions ?? []).map(({ type }: Tree) => type)
  const first = ['Denied', 'Approved', 'Failed'].filter((type) => types.includes(type))
  if (first.length === 0) return 'Pending'
  return status.certificate ? [...first, 'Issued'].join(',') : first.join(',')
}

const certificateRequest: Row = (object, now) => [
  object.metadata.name,
  ageOf(object, now),
  object.spec.signerName || '<none>',
  object.spec.username,
  object.spec.expirationSeconds === undefined ? '<none>' : `${object.spec.expirationSeconds}s`,
  certificateState(object),
]

const priorityLevel: Row = (object, now) => {
  const { type, limited, exempt } = object.spec
  const queuing = limited?.limitResponse?.queuing
  const shares = (limited ?? exempt)?.nominalConcurrencyShares
  return [
    object.metadata.name,
    type,
    shares ?? '<none>',
    queuing?.queues ?? '<none>',
    queuing?.handSize ?? '<none>',
    queuing?.queueLengthLimit ?? '<none>',
    ageOf(object, now),
  ]
}

const flowSchema: Row = (object, now) => {
  const dangling = (object.status?.conditions ?? []).find((condition: Tree) => condition.type === 'Dangling')
  return [
    object.metadata.name,
    object.spec.priorityLevelConfiguration.name,
    object.spec.matchingPrecedence,
    object.spec.distinguisherMethod?.type ?? '<none>',
    ageOf(object, now),
    dangling?.status ?? '?',
  ]
}

export const clusterRows: Record<string, Row> = {
  ...storageRows,
  ...policyRows,
  '/v1/namespaces': (object, now) => [object.metadata.name, object.status?.phase ?? '', ageOf(object, now)],
  '/v1/nodes': node,
  '/v1/configmaps': (object, now) => [
    object.metadata.name,
    size(object.data) + size(object.binaryData),
    ageOf(object, now),
  ],
  '/v1/secrets': (object, now) => [object.metadata.name, object.type, size(object.data), ageOf(object, now)],
  '/v1/serviceaccounts': (object, now) => [object.metadata.name, (object.secrets ?? []).length, ageOf(object, now)],
  '/v1/resourcequotas': quota,
  'apiregistration.k8s.io/v1/apiservices': apiService,
  'certificates.k8s.io/v1/certificatesigningrequests': certificateRequest,
  'coordination.k8s.io/v1/leases': (object, now) => [
    object.metadata.name,
    object.spec?.holderIdentity ?? '',
    ageOf(object, now),
  ],
  'node.k8s.io/v1/runtimeclasses': (object, now) => [object.metadata.name, object.handler, ageOf(object, now)],
  'scheduling.k8s.io/v1/priorityclasses': (object, now) => [
    object.metadata.name,
    object.value ?? 0,
    object.globalDefault ?? false,
    ageOf(object, now),
    object.preemptionPolicy ?? '',
  ],
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': flowSchema,
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations': priorityLevel,
  'resource.k8s.io/v1/deviceclasses': nameAge,
  'resource.k8s.io/v1/resourceclaims': (object, now) => [
    object.metadata.name,
    object.metadata.deletionTimestamp ? 'deleted' : object.status?.allocation ? 'allocated' : 'pending',
    ageOf(object, now),
  ],
  'resource.k8s.io/v1/resourceclaimtemplates': nameAge,
  'resource.k8s.io/v1/resourceslices': (object, now) => [
    object.metadata.name,
    object.spec.nodeName ?? '',
    object.spec.driver,
    object.spec.pool.name,
    ageOf(object, now),
  ],
}
