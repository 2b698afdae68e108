import { isDeepStrictEqual } from 'node:util'
import { createWorkQueue, keyOf } from '../kubernetes/index.ts'
import { withCondition } from './conditions.ts'
import { manager, together, type Controller } from './controller.ts'

const resource = 'horizontalpodautoscalers.autoscaling'

/** Nothing scales here: every HorizontalPodAutoscaler says so in its conditions, where the real one says why it cannot. */
export const autoscalerController: Controller = ({ api, clock, report }) => {
  const queue = createWorkQueue({
    clock,
    report,
    reconcile: async (key) => {
      const [namespace = '', name = ''] = key.split('/')
      await api.mutate(
        resource,
        namespace,
        name,
        (object) => {
          const conditions = withCondition(clock, object.status?.conditions ?? [], {
            type: 'ScalingActive',
            status: 'False',
            reason: 'NotSimulated',
            message: 'the embedded cluster does not scale workloads by their load',
          })
          if (isDeepStrictEqual(object.status?.conditions, conditions)) return false
          object.status = { currentReplicas: 0, desiredReplicas: 0, ...object.status, conditions }
        },
        { subresource: 'status', manager },
      )
    },
  })
  const watch = api.watch(resource, ({ type, object }) => {
    if (type !== 'DELETED') queue.add(keyOf(object))
  })
  return together([watch, queue])
}
