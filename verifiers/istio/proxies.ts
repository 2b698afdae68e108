import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

/** The proxy of a pod: a native sidecar (an init container that goes on) or, in older installations, an ordinary container. */
export function proxyOf(pod: V1Pod): V1Container | undefined {
  const named = (containers: V1Container[] | undefined): V1Container | undefined =>
    containers?.find(({ name }) => name === 'istio-proxy')
  return named(pod.spec?.initContainers) ?? named(pod.spec?.containers)
}

export function proxyStatusOf(pod: V1Pod): V1ContainerStatus | undefined {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return all.find(({ name }) => name === 'istio-proxy')
}

/** Pods that count: those that are not on their way out and have not run to their end. */
export function isLive(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')
}

export const pods = { apiVersion: 'v1', plural: 'pods' }
