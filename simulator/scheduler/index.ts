import {
  createEventRecorder,
  createWorkQueue,
  keyOf,
  timestamp,
  type Api,
  type Clock,
  type KubeObject,
  type Random,
} from '../kubernetes/index.ts'
import { refusalsOf, type NodeState } from './filters.ts'
import { scoreOf } from './scores.ts'

export interface SchedulerOptions {
  api: Api
  clock: Clock
  random: Random
  report?: (error: unknown, key: string) => void
}

const component = 'default-scheduler'
// Unschedulable pods are looked at again on every change of nodes and pods, and after this anyway (podMaxInUnschedulablePodsDuration).
const retryMilliseconds = 5 * 60_000

/** Binds pods that have no node to one that they fit. */
export function createScheduler({ api, clock, random, report }: SchedulerOptions): Disposable {
  const recorder = createEventRecorder({ api, clock, report, component, modern: true })
  const unschedulable = new Set<string>()
  const podsByNode = new Map<string, Map<string, KubeObject>>()
  // Node name of a pod by its key, for pods whose object no longer says it the same way.
  const placed = new Map<string, string>()

  const place = (key: string, pod: KubeObject | undefined): void => {
    const before = placed.get(key)
    if (before !== undefined) podsByNode.get(before)?.delete(key)
    placed.delete(key)
    const node: string | undefined = pod?.spec.nodeName
    if (pod === undefined || !node || isEnded(pod)) return
    placed.set(key, node)
    const pods = podsByNode.get(node) ?? new Map<string, KubeObject>()
    podsByNode.set(node, pods.set(key, pod))
  }

  const states = (): NodeState[] =>
    api.list('nodes').map((node) => ({ node, pods: [...(podsByNode.get(node.metadata.name)?.values() ?? [])] }))

  const schedule = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const pod = api.get('pods', namespace, name)
    if (pod === undefined || !isWaiting(pod)) return
    const all = states()
    const refusals = all.map((state) => refusalsOf({ pod, all }, state))
    const fitting = all.filter((_, index) => refusals[index]?.length === 0)
    if (fitting.length === 0) {
      unschedulable.add(key)
      queue.addAfter(key, retryMilliseconds)
      return refuse(pod, refusals)
    }
    unschedulable.delete(key)
    const best = pick(pod, fitting, random)
    place(key, { ...pod, spec: { ...pod.spec, nodeName: best } })
    try {
      await bind(pod, best)
    } catch (error) {
      place(key, api.get('pods', namespace, name))
      throw error
    }
    recorder.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${best}`, { action: 'Binding' })
  }

  const bind = (pod: KubeObject, node: string): Promise<KubeObject> =>
    api.update(
      {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '', uid: pod.metadata.uid },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      },
      { subresource: 'binding', manager: 'kube-scheduler' },
    )

  const refuse = async (pod: KubeObject, refusals: readonly string[][]): Promise<void> => {
    const message = unschedulableMessage(refusals)
    recorder.record(pod, 'Warning', 'FailedScheduling', message, { action: 'Scheduling' })
    await api.mutate(
      'pods',
      pod.metadata.namespace,
      pod.metadata.name,
      (current) => unscheduledCondition(current, message, clock),
      {
        subresource: 'status',
        manager: 'kube-scheduler',
      },
    )
  }

  const queue = createWorkQueue({ clock, reconcile: schedule, report })
  const retryAll = (): void => {
    for (const key of unschedulable) queue.add(key)
  }
  const watches = [
    api.watch('pods', ({ type, object, previous }) => {
      const key = keyOf(object)
      place(key, type === 'DELETED' ? undefined : object)
      if (type === 'DELETED') unschedulable.delete(key)
      else if (isWaiting(object) && (previous === undefined || !isWaiting(previous))) queue.add(key)
      if (type === 'DELETED' || isEnded(object)) retryAll()
    }),
    api.watch('nodes', ({ object, previous }) => {
      const relevant = ({ metadata, spec, status }: KubeObject): string =>
        JSON.stringify([metadata.labels, spec, status?.allocatable])
      if (previous === undefined || relevant(previous) !== relevant(object)) retryAll()
    }),
  ]
  return {
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
      queue[Symbol.dispose]()
    },
  }
}

const isEnded = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(pod.status?.phase)

const isWaiting = ({ spec, metadata }: KubeObject): boolean =>
  !spec.nodeName &&
  metadata.deletionTimestamp === undefined &&
  (spec.schedulerName ?? component) === component &&
  (spec.schedulingGates ?? []).length === 0

function pick(pod: KubeObject, fitting: readonly NodeState[], random: Random): string {
  const scored = fitting.map((state) => ({ name: state.node.metadata.name, score: scoreOf(pod, state) }))
  const highest = Math.max(...scored.map(({ score }) => score))
  const best = scored.filter(({ score }) => score === highest)
  return best[best.length > 1 ? random.below(best.length) : 0]?.name ?? ''
}

/** framework.FitError and the preemption's verdict: reasons with their counts, in order of their text. `refusals`: a node an element. */
export function unschedulableMessage(refusals: readonly (readonly string[])[]): string {
  if (refusals.length === 0) return 'no nodes available to schedule pods'
  const none = `0/${refusals.length} nodes are available`
  // Evicting others could only free resources and places.
  const verdicts = refusals.map((reasons) =>
    reasons.some((reason) => /^(Insufficient|Too many)/.test(reason))
      ? 'No preemption victims found for incoming pod'
      : 'Preemption is not helpful for scheduling',
  )
  return `${none}: ${countedList(refusals.flat())}. no new claims to deallocate, preemption: ${none}: ${countedList(verdicts)}.`
}

function countedList(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`)
  return texts.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')
}

function unscheduledCondition(pod: KubeObject, message: string, clock: Clock): void | false {
  const conditions: { type: string; status: string; message?: string }[] = pod.status?.conditions ?? []
  const before = conditions.find(({ type }) => type === 'PodScheduled')
  if (before?.status === 'False' && before.message === message) return false
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: timestamp(clock),
  }
  pod.status = { ...pod.status, conditions: [...conditions.filter(({ type }) => type !== 'PodScheduled'), condition] }
}
