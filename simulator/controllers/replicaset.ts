import {
  ApiError,
  createEventRecorder,
  createWorkQueue,
  keyOf,
  matchesSelector,
  type KubeObject,
} from '../kubernetes/index.ts'
import { withCondition } from './conditions.ts'
import { manager, together, type Controller } from './controller.ts'
import { claim, watchOwned } from './owned.ts'
import { byDeletionCost, isActive, isReady, podFromTemplate, PodControl, untilAvailable } from './pods.ts'

// controller_utils.go: SlowStartInitialBatchSize, and how many at most in one go.
const firstBatch = 1
const burstReplicas = 500

/** Keeps as many pods of a template as a ReplicaSet asks for. */
export const replicaSetController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'replicaset-controller' })
  const control = new PodControl(api, recorder)

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const set = api.get('replicasets.apps', namespace, name)
    if (set === undefined) return
    const pods = (await claim(api, 'pods', set, owned)).filter(isActive)
    let failure: unknown
    if (set.metadata.deletionTimestamp === undefined) {
      await manage(set, pods).catch((error: unknown) => (failure = error))
    }
    await writeStatus(set, failure, pods.length - (set.spec.replicas ?? 1))
    if (failure !== undefined) throw failure
    const waits = active(set).flatMap((pod) => untilAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now()) || [])
    if (waits.length > 0) queue.addAfter(key, Math.min(...waits))
  }

  const active = (set: KubeObject): KubeObject[] => owned.of(set.metadata.uid).filter(isActive)

  const manage = async (set: KubeObject, pods: readonly KubeObject[]): Promise<void> => {
    const wanted: number = set.spec.replicas ?? 1
    const missing = Math.min(wanted - pods.length, burstReplicas)
    if (missing > 0) {
      return slowStart(missing, () => control.create(set, podFromTemplate(set, set.spec.template)))
    }
    const surplus = missing < 0 ? [...pods].sort(byDeletionCost).slice(0, -missing) : []
    await Promise.all(surplus.map((pod) => control.delete(set, pod)))
  }

  const writeStatus = async (set: KubeObject, failure: unknown, difference: number): Promise<void> => {
    const pods = active(set)
    const minReady: number = set.spec.minReadySeconds ?? 0
    const now = clock.now()
    await api.mutate(
      'replicasets.apps',
      set.metadata.namespace,
      set.metadata.name,
      (current) => {
        if (current.metadata.uid !== set.metadata.uid) return false
        const status = {
          ...current.status,
          replicas: pods.length,
          fullyLabeledReplicas: pods.filter(({ metadata }) =>
            matchesSelector({ matchLabels: set.spec.template.metadata?.labels ?? {} }, metadata.labels),
          ).length,
          readyReplicas: pods.filter(isReady).length,
          availableReplicas: pods.filter((pod) => untilAvailable(pod, minReady, now) === 0).length,
          observedGeneration: set.metadata.generation,
        }
        const others = (status.conditions ?? []).filter(({ type }: { type: string }) => type !== 'ReplicaFailure')
        if (failure instanceof ApiError) {
          const reason = difference < 0 ? 'FailedCreate' : 'FailedDelete'
          const condition = { type: 'ReplicaFailure', status: 'True', reason, message: failure.message }
          status.conditions = withCondition(clock, status.conditions ?? [], condition)
        } else if (others.length > 0) status.conditions = others
        else delete status.conditions
        for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
          if (status[field] === 0) delete status[field]
        }
        if (JSON.stringify(status) === JSON.stringify(current.status)) return false
        current.status = status
      },
      { subresource: 'status', manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const owned = watchOwned(api, 'pods', (pod, owners) => {
    for (const owner of owners) {
      if (owner?.kind === 'ReplicaSet') queue.add(`${pod.metadata.namespace}/${owner.name}`)
      if (owner !== undefined || pod.metadata.deletionTimestamp !== undefined) continue
      for (const set of api.list('replicasets.apps', { namespace: pod.metadata.namespace ?? '' })) {
        if (matchesSelector(set.spec.selector, pod.metadata.labels)) queue.add(keyOf(set))
      }
    }
  })
  const watch = api.watch('replicasets.apps', ({ type, object, previous }) => {
    if (type === 'DELETED') return
    const statusOnly = previous !== undefined && previous.metadata.generation === object.metadata.generation
    if (!statusOnly || previous?.metadata.labels !== object.metadata.labels) queue.add(keyOf(object))
  })
  return together([watch, owned, queue])
}

/** Batches of 1, 2, 4 …: a template that the API refuses is refused once, not a hundred times. */
async function slowStart(count: number, create: () => Promise<unknown>): Promise<void> {
  for (let left = count, size = Math.min(firstBatch, count); left > 0; size = Math.min(size * 2, left)) {
    const results = await Promise.allSettled(Array.from({ length: size }, create))
    const refused = results.find((result) => result.status === 'rejected')
    if (refused !== undefined) throw refused.reason
    left -= size
    if (left === 0) return
  }
}
