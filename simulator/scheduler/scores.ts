import { quantityValue, type KubeObject } from '../kubernetes/index.ts'
import { matchesTerm, requestsOf, tolerates, type NodeState } from './filters.ts'

/** How well a pod that fits would sit on a node; more is better. Least allocated, preferred affinity, soft taints, spreading. */
export function scoreOf(pod: KubeObject, { node, pods }: NodeState): number {
  return (
    leastAllocated(pod, node, pods) +
    preferredAffinity(pod, node) -
    softTaints(pod, node) * 10 -
    siblings(pod, pods) * 5
  )
}

function leastAllocated(pod: KubeObject, node: KubeObject, pods: readonly KubeObject[]): number {
  const used = [...pods, pod].map(requestsOf)
  const shares = ['cpu', 'memory'].map((name) => {
    const capacity = quantityValue(node.status?.allocatable?.[name])
    const taken = used.reduce((sum, requests) => sum + (requests[name] ?? 0), 0)
    return capacity === 0 ? 0 : Math.max(0, (capacity - taken) / capacity) * 100
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

function preferredAffinity(pod: KubeObject, node: KubeObject): number {
  const preferred: { weight: number; preference: object }[] =
    pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return preferred.reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0)
}

function softTaints(pod: KubeObject, node: KubeObject): number {
  const taints: { key: string; effect: string }[] = node.spec.taints ?? []
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod, taint)).length
}

function siblings(pod: KubeObject, pods: readonly KubeObject[]): number {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid
  if (owner === undefined) return 0
  return pods.filter((other) => other.metadata.ownerReferences?.some(({ uid }) => uid === owner)).length
}
