import { isDeepStrictEqual } from 'node:util'
import { createWorkQueue, keyOf, matchesSelector, type Api, type KubeObject } from '../kubernetes/index.ts'
import { withCondition } from './conditions.ts'
import { manager, together, type Controller } from './controller.ts'
import { isActive, isReady } from './pods.ts'

const resource = 'poddisruptionbudgets.policy'
/** Controllers with a scale, by kind: what they want counts, not what there happens to be. */
const scalable: Readonly<Record<string, string>> = {
  ReplicaSet: 'replicasets.apps',
  StatefulSet: 'statefulsets.apps',
  ReplicationController: 'replicationcontrollers',
}

/** Tells for every PodDisruptionBudget how many of its pods may go now. */
export const disruptionBudgetController: Controller = ({ api, clock, report }) => {
  const queue = createWorkQueue({
    clock,
    report,
    reconcile: async (key) => {
      const [namespace = '', name = ''] = key.split('/')
      const budget = api.get(resource, namespace, name)
      if (budget === undefined) return
      const numbers = count(api, budget)
      const isAllowed = numbers.disruptionsAllowed > 0
      const condition = {
        type: 'DisruptionAllowed',
        status: isAllowed ? 'True' : 'False',
        reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
        message: '',
      }
      await api.mutate(
        resource,
        namespace,
        name,
        (object) => {
          const conditions = withCondition(clock, object.status?.conditions ?? [], condition).map((each) => ({
            ...each,
            observedGeneration: object.metadata.generation,
          }))
          const status = { ...numbers, conditions, observedGeneration: object.metadata.generation }
          if (isDeepStrictEqual(object.status, status)) return false
          object.status = status
        },
        { subresource: 'status', manager },
      )
    },
  })
  return together([
    queue,
    api.watch(resource, ({ type, object }) => {
      if (type !== 'DELETED') queue.add(keyOf(object))
    }),
    api.watch('pods', ({ object }) => {
      for (const budget of api.list(resource, { namespace: object.metadata.namespace ?? '' }))
        if (matchesSelector(budget.spec.selector, object.metadata.labels)) queue.add(keyOf(budget))
    }),
  ])
}

interface Counts {
  currentHealthy: number
  desiredHealthy: number
  disruptionsAllowed: number
  expectedPods: number
}

/** disruption.go getExpectedPodCount and updatePdbStatus. */
function count(api: Api, { spec, metadata }: KubeObject): Counts {
  const pods = api
    .list('pods', { namespace: metadata.namespace ?? '' })
    .filter((pod) => matchesSelector(spec.selector, pod.metadata.labels) && isActive(pod))
  const currentHealthy = pods.filter(isReady).length
  const { minAvailable, maxUnavailable } = spec
  const isCount = maxUnavailable === undefined && typeof minAvailable !== 'string'
  const expectedPods = isCount ? pods.length : expected(api, pods)
  const share = (value: number | string): number =>
    typeof value === 'number' ? value : Math.ceil((Number(value.replace('%', '')) * expectedPods) / 100)
  const desiredHealthy =
    maxUnavailable === undefined ? share(minAvailable ?? 1) : Math.max(0, expectedPods - share(maxUnavailable))
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
  return { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods }
}

/** What the controllers of these pods want together; pods without one count for themselves. */
function expected(api: Api, pods: readonly KubeObject[]): number {
  const wanted = new Map<string, number>()
  for (const { metadata } of pods) {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller)
    const set = owner && scalable[owner.kind] && api.get(scalable[owner.kind]!, metadata.namespace, owner.name)
    wanted.set(owner?.uid ?? metadata.uid, set ? (set.spec.replicas ?? 1) : 1)
  }
  return [...wanted.values()].reduce((sum, one) => sum + one, 0)
}
