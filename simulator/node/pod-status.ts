import { timestamp, type Clock, type KubeObject } from '../kubernetes/index.ts'
import type { Container } from './container.ts'

export interface PodParts {
  pod: KubeObject
  init: readonly Container[]
  main: readonly Container[]
  ephemeral: readonly Container[]
  /** The pod's address and namespaces exist. */
  sandboxReady: boolean
  podIP: string | undefined
  nodeIP: string
  startTime: string
  /** All init containers have ended, all sidecars have started. */
  initialized: boolean
}

interface Condition {
  type: string
  status: 'True' | 'False'
  reason?: string
  message?: string
}

/** pkg/kubelet getPhase: what the containers' states make of the pod. */
export function phaseOf({ pod, main, initialized, init }: PodParts): string {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const failedInit = init.some(({ role, state }) => role === 'init' && (state.terminated?.exitCode ?? 0) !== 0)
  if (failedInit && policy === 'Never') return 'Failed'
  if (!initialized) return 'Pending'
  const waiting = main.some(({ state, lastState }) => state.waiting !== undefined && lastState.terminated === undefined)
  if (waiting) return 'Pending'
  if (main.some(({ state }) => state.running !== undefined)) return 'Running'
  if (policy === 'Always') return 'Running'
  const ended = main.map(({ state }) => state.terminated?.exitCode)
  if (ended.every((exitCode) => exitCode === 0)) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

/** The status that the kubelet writes; times of conditions that did not change stay. */
export function podStatus(clock: Clock, parts: PodParts, phase = phaseOf(parts)): KubeObject['status'] {
  const { pod, init, main, ephemeral, podIP, nodeIP, startTime } = parts
  const before: (Condition & { lastTransitionTime: string })[] = pod.status?.conditions ?? []
  const { generation } = pod.metadata
  const observed = generation === undefined ? {} : { observedGeneration: generation }
  const conditions = conditionsOf(parts, phase).map((condition) => {
    const old = before.find(({ type }) => type === condition.type)
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : timestamp(clock)
    return { ...observed, lastProbeTime: null, lastTransitionTime, ...condition }
  })
  const own = new Set(conditions.map(({ type }) => type))
  return {
    ...observed,
    phase,
    // PodScheduled is the scheduler's; readiness gates are others'.
    conditions: [...conditions, ...before.filter(({ type }) => !own.has(type))],
    hostIP: nodeIP,
    hostIPs: [{ ip: nodeIP }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime,
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map((container) => container.status()) }),
    containerStatuses: main.map((container) => container.status()),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral.map((container) => container.status()) }),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
  }
}

function conditionsOf({ pod, init, main, sandboxReady, initialized }: PodParts, phase: string): Condition[] {
  const done = phase === 'Succeeded' || phase === 'Failed'
  const sidecars = init.filter(({ role }) => role === 'sidecar')
  const all = [...sidecars, ...main]
  const unready = all.filter(({ ready }) => !ready).map(({ spec }) => spec.name)
  const notReady: Omit<Condition, 'type'> = done
    ? { status: 'False', reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : {
        status: 'False',
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      }
  const containersReady: Omit<Condition, 'type'> = !done && unready.length === 0 ? { status: 'True' } : notReady
  const gates: { conditionType: string }[] = pod.spec.readinessGates ?? []
  const held: Condition[] = pod.status?.conditions ?? []
  const openGate = gates.find(
    ({ conditionType }) => !held.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  const gateFailure: Omit<Condition, 'type'> | undefined = openGate && {
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: `corresponding condition of pod readiness gate "${openGate.conditionType}" does not exist.`,
  }
  const incomplete = init.filter(({ role, state, started }) =>
    role === 'sidecar' ? !started : state.terminated?.exitCode !== 0,
  )
  const init0: Omit<Condition, 'type'> = initialized
    ? { status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
    : {
        status: 'False',
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${incomplete.map(({ spec }) => spec.name).join(' ')}]`,
      }
  return [
    { type: 'PodReadyToStartContainers', status: sandboxReady && !done ? 'True' : 'False' },
    { type: 'Initialized', ...init0 },
    { type: 'Ready', ...(containersReady.status === 'True' ? (gateFailure ?? containersReady) : containersReady) },
    { type: 'ContainersReady', ...containersReady },
  ]
}

/** Guaranteed, Burstable or BestEffort, by requests and limits of cpu and memory. */
export function qosClass(pod: KubeObject): string {
  const containers: KubeObject['spec'][] = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const kinds = ['cpu', 'memory']
  const has = (which: 'requests' | 'limits', container: KubeObject['spec'], kind: string): boolean =>
    container.resources?.[which]?.[kind] !== undefined
  const any = containers.some((container) =>
    kinds.some((kind) => has('requests', container, kind) || has('limits', container, kind)),
  )
  if (!any) return 'BestEffort'
  const guaranteed = containers.every((container) =>
    kinds.every((kind) => {
      const { requests = {}, limits = {} } = container.resources ?? {}
      return limits[kind] !== undefined && (requests[kind] === undefined || requests[kind] === limits[kind])
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
