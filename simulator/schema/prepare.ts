/** What the API server sets by itself when an object is made or changed: first status, generation, who may write which part. */
import type { NewObject, Resource } from '../kubernetes/index.ts'
import { sameTree, type Tree } from './tree.ts'
import { zeroOf } from './conform.ts'
import { typeOfKind } from './types.ts'
import { apiVersionOf } from '../kubernetes/index.ts'

type Kind = Pick<Resource, 'group' | 'version' | 'kind'>

/** Kinds whose metadata.generation counts changes of the spec. */
const counted = new Set(
  [
    'Pod ReplicationController PodTemplate Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Ingress IngressClass NetworkPolicy',
    'PodDisruptionBudget PriorityClass ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding CustomResourceDefinition EndpointSlice FlowSchema PriorityLevelConfiguration DeviceClass ResourceSlice',
  ]
    .join(' ')
    .split(' '),
)

function resourceSets(pod: Tree): { requests: Tree; limits: Tree }[] {
  const all = [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])]
  return all.map((container) => ({
    requests: container.resources?.requests ?? {},
    limits: container.resources?.limits ?? {},
  }))
}

/** BestEffort: nothing asked; Guaranteed: cpu and memory limited in every container and asked in full; else Burstable. */
function qosClass(pod: Tree): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const sets = resourceSets(pod)
  const asked = sets.some(({ requests, limits }) =>
    ['cpu', 'memory'].some((name) => isPositive(requests[name]) || isPositive(limits[name])),
  )
  if (!asked) return 'BestEffort'
  const full = sets.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => isPositive(limits[name]) && requests[name] === limits[name]),
  )
  return full ? 'Guaranteed' : 'Burstable'
}

const isPositive = (quantity: Tree): boolean => quantity !== undefined && quantity !== '0'

const firstStatus: Record<string, (object: Tree, now: string) => Tree> = {
  Namespace: () => ({ phase: 'Active' }),
  Pod: (pod) => ({ phase: 'Pending', qosClass: qosClass(pod) }),
  PersistentVolume: (_, now) => ({ phase: 'Pending', lastPhaseTransitionTime: now }),
  PersistentVolumeClaim: () => ({ phase: 'Pending' }),
  CustomResourceDefinition: (crd) => ({
    conditions: null,
    acceptedNames: { plural: '', kind: '' },
    storedVersions: (crd.spec.versions ?? [])
      .filter((version: Tree) => version.storage)
      .map((version: Tree) => version.name),
  }),
}

function addFinalizer(object: Tree, finalizer: string): void {
  const list: string[] = (object.metadata.finalizers ??= [])
  if (!list.includes(finalizer)) list.push(finalizer)
}

function labelJob(job: Tree, uid: string): void {
  if (job.spec.manualSelector) return
  const template = (job.spec.template ??= {})
  template.metadata ??= {}
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'controller-uid': uid,
    'job-name': job.metadata.name,
  }
  job.metadata.labels = { ...job.metadata.labels, ...labels }
  template.metadata.labels = { ...template.metadata.labels, ...labels }
  job.spec.selector ??= {}
  job.spec.selector.matchLabels = { ...job.spec.selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid }
}

const extras: Record<string, (object: Tree) => void> = {
  Namespace(object) {
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
    object.spec ??= {}
    object.spec.finalizers = [...new Set([...(object.spec.finalizers ?? []), 'kubernetes'])]
  },
  Job: (object) => labelJob(object, object.metadata.uid ?? ''),
  PersistentVolume: (object) => addFinalizer(object, 'kubernetes.io/pv-protection'),
  PersistentVolumeClaim: (object) => addFinalizer(object, 'kubernetes.io/pvc-protection'),
  VolumeAttributesClass: (object) => addFinalizer(object, 'kubernetes.io/vac-protection'),
  DaemonSet(object) {
    object.metadata.annotations = { ...object.metadata.annotations, 'deprecated.daemonset.template.generation': '1' }
  },
}

/** A status may be given with these on creation (Node registers itself with one). */
const keepsStatus = new Set(['Node', 'APIService', 'Eviction'])

/**
 * Changes a defaulted object in place to what a create stores: status reset, generation 1 where it is counted, the finalizers and labels
 * that the API server adds. Wants `metadata.uid` (a Job's selector names it).
 */
export function prepareForCreate(resource: Kind, object: NewObject, now: string): void {
  const held: Tree = object
  const field = typeOfKind(apiVersionOf(resource), resource.kind)?.fields.get('status')
  const first = firstStatus[resource.kind]
  if (first) held.status = first(held, now)
  else if (field && !keepsStatus.has(resource.kind) && !resource.group.startsWith('auth'))
    held.status = zeroOf(field.type)
  if (counted.has(resource.kind)) held.metadata.generation = 1
  else delete held.metadata.generation
  extras[resource.kind]?.(held)
}

const needsNodePort = ({ type }: Tree): boolean => type === 'NodePort' || type === 'LoadBalancer'
const needsExternalPolicy = (spec: Tree): boolean => needsNodePort(spec) || spec.externalIPs?.length > 0

/** A client that sends one of clusterIP and clusterIPs means both. */
function alignClusterIps(spec: Tree, old: Tree): void {
  if (spec.clusterIP !== old.clusterIP && sameTree(spec.clusterIPs, old.clusterIPs)) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
    else delete spec.clusterIPs
  }
}

/** Fields of a service that its old type had and its new type has not go, unless the client changed them too (then validation speaks). */
function dropTypeDependentFields(spec: Tree, old: Tree): void {
  const drop = (name: string, needs: (spec: Tree) => boolean): void => {
    if (needs(old) && !needs(spec) && sameTree(spec[name], old[name])) delete spec[name]
  }
  const isBalanced = ({ type }: Tree): boolean => type === 'LoadBalancer'
  for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'])
    drop(name, ({ type }) => type !== 'ExternalName')
  drop('externalTrafficPolicy', needsExternalPolicy)
  drop('allocateLoadBalancerNodePorts', isBalanced)
  drop('loadBalancerClass', isBalanced)
  drop('healthCheckNodePort', (part) => isBalanced(part) && part.externalTrafficPolicy === 'Local')
  const ports = ({ ports: list = [] }: Tree): Tree => list.map(({ nodePort }: Tree) => nodePort)
  if (needsNodePort(old) && !needsNodePort(spec) && sameTree(ports(spec), ports(old)))
    for (const port of spec.ports ?? []) delete port.nodePort
}

/**
 * Changes a defaulted object in place to what an update of the object (not of a subresource) stores: the old status, and a generation that
 * moved when anything but metadata and status did.
 */
export function prepareForUpdate(resource: Kind, object: NewObject, old: NewObject): void {
  const held: Tree = object
  const before: Tree = old
  const field = typeOfKind(apiVersionOf(resource), resource.kind)?.fields.get('status')
  if (field) {
    if (before.status === undefined) delete held.status
    else held.status = before.status
  }
  if (resource.kind === 'Namespace') held.spec = before.spec
  if (resource.kind === 'Service') {
    alignClusterIps(held.spec, before.spec)
    dropTypeDependentFields(held.spec, before.spec)
  }
  if (!counted.has(resource.kind)) {
    if (before.metadata.generation === undefined) delete held.metadata.generation
    return
  }
  const changed = [...new Set([...Object.keys(held), ...Object.keys(before)])].some(
    (key) => key !== 'metadata' && key !== 'status' && !sameTree(held[key], before[key]),
  )
  held.metadata.generation = (before.metadata.generation ?? 0) + (changed ? 1 : 0)
}
