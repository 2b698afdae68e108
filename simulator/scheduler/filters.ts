import {
  matchesRequirement,
  matchesSelector,
  quantityValue,
  type KubeObject,
  type LabelSelector,
} from '../kubernetes/index.ts'

/** One node with what is already on it. */
export interface NodeState {
  node: KubeObject
  pods: readonly KubeObject[]
}

export interface FilterContext {
  pod: KubeObject
  all: readonly NodeState[]
}

/** Why a pod does not fit a node, in the scheduler's words; empty when it fits. The first plugin that refuses speaks. */
export function refusalsOf(context: FilterContext, state: NodeState): string[] {
  for (const filter of [unschedulable, nodeName, taints, nodeAffinity, ports, resources, podAffinity]) {
    const reasons = filter(context, state)
    if (reasons.length > 0) return reasons
  }
  return []
}

type Filter = (context: FilterContext, state: NodeState) => string[]

interface Taint {
  key: string
  value?: string
  effect: string
}

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const unschedulable: Filter = ({ pod }, { node }) =>
  node.spec.unschedulable === true && !tolerates(pod, unschedulableTaint) ? ['node(s) were unschedulable'] : []

const nodeName: Filter = ({ pod }, { node }) =>
  pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name ? ["node(s) didn't match the requested node name"] : []

const taints: Filter = ({ pod }, { node }) => {
  const repelled = (node.spec.taints ?? []).find(
    (taint: Taint) => ['NoSchedule', 'NoExecute'].includes(taint.effect) && !tolerates(pod, taint),
  )
  return repelled ? [`node(s) had untolerated taint {${repelled.key}: ${repelled.value ?? ''}}`] : []
}

export function tolerates(pod: KubeObject, taint: Taint): boolean {
  const tolerations: { key?: string; operator?: string; value?: string; effect?: string }[] = pod.spec.tolerations ?? []
  return tolerations.some(({ key, operator = 'Equal', value = '', effect }) => {
    if (effect && effect !== taint.effect) return false
    if (key && key !== taint.key) return false
    return operator === 'Exists' || (key !== undefined && value === (taint.value ?? ''))
  })
}

/** The pod's nodeSelector and required node affinity. */
export function matchesNodeAffinity(pod: KubeObject, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {}
  const selector: Record<string, string> = pod.spec.nodeSelector ?? {}
  if (!matchesSelector({ matchLabels: selector }, labels)) return false
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some((term: NodeSelectorTerm) => matchesTerm(term, node))
}

interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
  matchFields?: { key: string; operator: string; values?: string[] }[]
}

export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: KubeObject): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const fields = { 'metadata.name': node.metadata.name }
  return (
    matchExpressions.every((requirement) => matchesRequirement(requirement, node.metadata.labels ?? {})) &&
    matchFields.every((requirement) => matchesRequirement(requirement, fields))
  )
}

const nodeAffinity: Filter = ({ pod }, { node }) =>
  matchesNodeAffinity(pod, node) ? [] : ["node(s) didn't match Pod's node affinity/selector"]

const hostPorts = (pod: KubeObject): string[] =>
  pod.spec.containers.flatMap((container: KubeObject['spec']) =>
    (container.ports ?? [])
      .filter(({ hostPort }: { hostPort?: number }) => hostPort)
      .map(({ hostPort, protocol = 'TCP' }: { hostPort: number; protocol?: string }) => `${protocol}/${hostPort}`),
  )

const ports: Filter = ({ pod }, { pods }) => {
  const wanted = hostPorts(pod)
  const conflict = wanted.length > 0 && pods.some((other) => hostPorts(other).some((port) => wanted.includes(port)))
  return conflict ? ["node(s) didn't have free ports for the requested pod ports"] : []
}

/** What a pod asks for: the sum of its containers and sidecars, or its largest init container when that is more. */
export function requestsOf(pod: KubeObject): Record<string, number> {
  const sum: Record<string, number> = {}
  const peak: Record<string, number> = {}
  const requests = (container: KubeObject['spec']): [string, number][] =>
    Object.entries<string>({ ...container.resources?.limits, ...container.resources?.requests }).map(
      ([name, value]) => [name, quantityValue(value)],
    )
  for (const container of pod.spec.initContainers ?? []) {
    for (const [name, value] of requests(container)) {
      if (container.restartPolicy === 'Always') sum[name] = (sum[name] ?? 0) + value
      else peak[name] = Math.max(peak[name] ?? 0, value + (sum[name] ?? 0))
    }
  }
  for (const container of pod.spec.containers) {
    for (const [name, value] of requests(container)) sum[name] = (sum[name] ?? 0) + value
  }
  for (const [name, value] of Object.entries(peak)) sum[name] = Math.max(sum[name] ?? 0, value)
  return sum
}

const resources: Filter = ({ pod }, { node, pods }) => {
  const allocatable: Record<string, string> = node.status?.allocatable ?? {}
  const reasons: string[] = []
  if (pods.length + 1 > quantityValue(allocatable.pods ?? '110')) reasons.push('Too many pods')
  const used = pods.map(requestsOf)
  for (const [name, wanted] of Object.entries(requestsOf(pod))) {
    if (wanted === 0) continue
    const taken = used.reduce((sum, requests) => sum + (requests[name] ?? 0), 0)
    // Sums of milli-units in floating point: a billionth is no lack.
    if (taken + wanted > quantityValue(allocatable[name]) + 1e-9) reasons.push(`Insufficient ${name}`)
  }
  return reasons
}

interface PodAffinityTerm {
  topologyKey: string
  labelSelector?: LabelSelector
  namespaces?: string[]
}

const podAffinity: Filter = ({ pod, all }, { node }) => {
  const { podAffinity: attract, podAntiAffinity: repel } = pod.spec.affinity ?? {}
  const key = 'requiredDuringSchedulingIgnoredDuringExecution'
  const wants: PodAffinityTerm[] = attract?.[key] ?? []
  const avoids: PodAffinityTerm[] = repel?.[key] ?? []
  // A pod may be the first of a group that attracts itself.
  const alone = (term: PodAffinityTerm): boolean =>
    selects(term, pod, pod) && !all.some(({ pods }) => pods.some((other) => selects(term, pod, other)))
  if (!wants.every((term) => isNear(term, pod, node, all) || alone(term)))
    return ["node(s) didn't match pod affinity rules"]
  if (avoids.some((term) => isNear(term, pod, node, all))) return ["node(s) didn't match pod anti-affinity rules"]
  const repelled = all.some(({ pods }) =>
    pods.some((other) => {
      const terms: PodAffinityTerm[] = other.spec.affinity?.podAntiAffinity?.[key] ?? []
      const at = all.find((state) => state.pods.includes(other))?.node
      return terms.some(
        (term) => selects(term, other, pod) && at !== undefined && sameTopology(term.topologyKey, at, node),
      )
    }),
  )
  return repelled ? ["node(s) didn't satisfy existing pods anti-affinity rules"] : []
}

function selects({ labelSelector, namespaces }: PodAffinityTerm, holder: KubeObject, other: KubeObject): boolean {
  const where = namespaces?.length ? namespaces : [holder.metadata.namespace ?? '']
  return where.includes(other.metadata.namespace ?? '') && matchesSelector(labelSelector, other.metadata.labels)
}

function sameTopology(key: string, a: KubeObject, b: KubeObject): boolean {
  const value = a.metadata.labels?.[key]
  return value !== undefined && value === b.metadata.labels?.[key]
}

function isNear(term: PodAffinityTerm, pod: KubeObject, node: KubeObject, all: readonly NodeState[]): boolean {
  return all.some(
    (state) =>
      sameTopology(term.topologyKey, state.node, node) && state.pods.some((other) => selects(term, pod, other)),
  )
}
