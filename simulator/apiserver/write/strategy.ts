import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, NewObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'

/** Built-in kinds whose `metadata.generation` counts changes of the spec, as recorded from a 1.34 server. */
const counted = new Set(
  (
    'Pod ReplicationController PodTemplate Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Ingress IngressClass NetworkPolicy ' +
    'PodDisruptionBudget PriorityClass ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ' +
    'ValidatingAdmissionPolicyBinding CustomResourceDefinition EndpointSlice FlowSchema PriorityLevelConfiguration DeviceClass ResourceSlice'
  ).split(' '),
)

export function isCustom(resource: ServedResource): boolean {
  return resource.order < 0
}

export function hasStatus(resource: ServedResource): boolean {
  return resource.subresources.some((subresource) => subresource.name === 'status')
}

/** Everything but metadata, status and the type's own name. */
function contentOf(object: NewObject, withStatus: boolean): Record<string, unknown> {
  const { apiVersion: _, kind: __, metadata: ___, status, ...content } = object
  return withStatus ? { ...content, status } : content
}

export function countsGenerations(resource: ServedResource): boolean {
  return isCustom(resource) || counted.has(resource.kind)
}

/** What the type's own strategy does to a new object before it is validated. */
export function prepareCreate(kernel: Kernel, resource: ServedResource, object: NewObject): void {
  if (countsGenerations(resource)) object.metadata.generation = 1
  else delete object.metadata.generation
  if (hasStatus(resource)) resetStatus(resource, object)
  if (resource.group !== '') return
  if (resource.kind === 'Service') kernel.allocator.allocate(object)
  if (resource.kind === 'Namespace') {
    const spec = (object['spec'] ??= {}) as { finalizers?: string[] }
    if (!spec.finalizers?.includes('kubernetes')) spec.finalizers = [...(spec.finalizers ?? []), 'kubernetes']
  }
}

function resetStatus(resource: ServedResource, object: NewObject): void {
  if (isCustom(resource)) {
    delete object['status']
    return
  }
  const initial: Record<string, () => unknown> = {
    Namespace: () => ({ phase: 'Active' }),
    Pod: () => ({ phase: 'Pending', qosClass: qosClass(object) }),
    Service: () => ({ loadBalancer: {} }),
    Ingress: () => ({ loadBalancer: {} }),
    PersistentVolume: () => ({ phase: 'Pending' }),
    PersistentVolumeClaim: () => ({ phase: 'Pending' }),
    StatefulSet: () => ({ replicas: 0, availableReplicas: 0 }),
    ReplicaSet: () => ({ replicas: 0 }),
    ReplicationController: () => ({ replicas: 0 }),
    DaemonSet: () => ({ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }),
    PodDisruptionBudget: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
    VolumeAttachment: () => ({ attached: false }),
    CustomResourceDefinition: () => ({
      conditions: null,
      acceptedNames: { plural: '', kind: '' },
      storedVersions: null,
    }),
    HorizontalPodAutoscaler: () =>
      resource.version === 'v1'
        ? { currentReplicas: 0, desiredReplicas: 0 }
        : { desiredReplicas: 0, currentMetrics: null },
    // A node's status may be given at once: the kubelet registers with it.
    Node: () => object['status'] ?? {},
    APIService: () => ({}),
  }
  object['status'] = initial[resource.kind]?.() ?? {}
}

/**
 * What the type's own strategy does to a changed object: parts that this way of writing may not change are put back,
 * and the generation grows when the content did.
 */
export function prepareUpdate(
  kernel: Kernel,
  resource: ServedResource,
  subresource: string | undefined,
  object: NewObject,
  old: KubeObject,
): void {
  if (subresource === 'status') {
    for (const key of new Set([...Object.keys(object), ...Object.keys(old)]))
      if (!['apiVersion', 'kind', 'metadata', 'status'].includes(key)) restore(object, old, key)
    if (isCustom(resource))
      object.metadata = {
        ...old.metadata,
        ...(object.metadata.managedFields && { managedFields: object.metadata.managedFields }),
      }
  } else if (hasStatus(resource) && subresource !== 'binding') restore(object, old, 'status')
  if (resource.kind === 'Namespace' && resource.group === '' && subresource !== 'finalize') restore(object, old, 'spec')
  if (resource.kind === 'Service' && resource.group === '' && subresource === undefined)
    kernel.allocator.allocate(object, old)
  delete object.metadata.generation
  if (old.metadata.generation === undefined) return
  const withStatus = isCustom(resource) && !hasStatus(resource)
  const same = subresource === 'status' || isDeepStrictEqual(contentOf(object, withStatus), contentOf(old, withStatus))
  object.metadata.generation = old.metadata.generation + (same ? 0 : 1)
}

function restore(object: NewObject, old: KubeObject, key: string): void {
  if (old[key] === undefined) delete object[key]
  else object[key] = old[key]
}

type Quantities = Record<string, string | number>
interface Container {
  resources?: { requests?: Quantities; limits?: Quantities }
}

/** Guaranteed, Burstable or BestEffort: from CPU and memory of all containers. */
function qosClass(pod: NewObject): string {
  const containers = [...(pod['spec']?.containers ?? []), ...(pod['spec']?.initContainers ?? [])] as Container[]
  const kinds = ['cpu', 'memory']
  const names = (quantities: Quantities | undefined): string[] =>
    kinds.filter((kind) => !/^0*$/.test(String(quantities?.[kind] ?? '')))
  if (containers.every(({ resources }) => names(resources?.requests).length + names(resources?.limits).length === 0))
    return 'BestEffort'
  const guaranteed = containers.every(({ resources }) => {
    const limits = names(resources?.limits)
    return (
      limits.length === 2 &&
      limits.every((kind) => [undefined, resources?.limits?.[kind]].includes(resources?.requests?.[kind]))
    )
  })
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
