import type { Clock, KubeObject } from '../kubernetes/index.ts'
import { withCondition, withFreshCondition, type Condition } from './conditions.ts'
import { fenceposts, replicasOf, sumOf } from './replica-sets-of.ts'

export interface Rollout {
  deployment: KubeObject
  all: readonly KubeObject[]
  newest: KubeObject | undefined
}

/** spec.progressDeadlineSeconds of this value means none. */
const noDeadline = 2_147_483_647

export function hasDeadline({ spec }: KubeObject): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline
}

const conditionOf = (status: KubeObject['status'], type: string): Condition | undefined =>
  (status?.conditions ?? []).find((condition: Condition) => condition.type === type)

/** Counts and the Available condition (calculateStatus). */
export function baseStatus(clock: Clock, { deployment, all, newest }: Rollout): KubeObject['status'] {
  const total = sumOf(all, replicasOf)
  const available = sumOf(all, ({ status }) => status?.availableReplicas)
  const least = replicasOf(deployment) - fenceposts(deployment).maxUnavailable
  const condition =
    available >= least
      ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
      : {
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        }
  const conditions = withCondition(
    clock,
    deployment.status?.conditions ?? [],
    { type: 'Available', ...condition },
    { updateTime: true },
  )
  const { collisionCount } = deployment.status ?? {}
  const counts = {
    replicas: sumOf(all, ({ status }) => status?.replicas),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sumOf(all, ({ status }) => status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, total - available),
  }
  return {
    observedGeneration: deployment.metadata.generation,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions,
  }
}

/** All replicas are of the present template and available, and none of another is left (DeploymentComplete). */
export function isComplete(deployment: KubeObject, status: KubeObject['status']): boolean {
  const wanted = replicasOf(deployment)
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration } = status ?? {}
  return (
    updatedReplicas === wanted &&
    replicas === wanted &&
    availableReplicas === wanted &&
    observedGeneration >= (deployment.metadata.generation ?? 0)
  )
}

function isProgressing(before: KubeObject['status'], after: KubeObject['status']): boolean {
  const of = (status: KubeObject['status'], field: string): number => status?.[field] ?? 0
  const old = (status: KubeObject['status']): number => of(status, 'replicas') - of(status, 'updatedReplicas')
  return (
    of(after, 'updatedReplicas') > of(before, 'updatedReplicas') ||
    old(after) < old(before) ||
    of(after, 'readyReplicas') > of(before, 'readyReplicas') ||
    of(after, 'availableReplicas') > of(before, 'availableReplicas')
  )
}

/** Milliseconds until the rollout counts as stuck; undefined when it cannot. */
export function untilTimedOut(clock: Clock, { spec, status }: KubeObject): number | undefined {
  const progressing = conditionOf(status, 'Progressing')
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return undefined
  const { lastUpdateTime = progressing.lastTransitionTime ?? '' } = progressing
  return Date.parse(lastUpdateTime) + spec.progressDeadlineSeconds * 1000 - clock.now()
}

/** The status of a rollout that is under way or done (syncRolloutStatus). */
export function rolloutStatus(clock: Clock, rollout: Rollout): KubeObject['status'] {
  const { deployment, newest, all } = rollout
  const status = baseStatus(clock, rollout)
  const before = conditionOf(deployment.status, 'Progressing')
  const { replicas = 0, updatedReplicas = 0 } = status
  const wasComplete = replicas === updatedReplicas && before?.reason === 'NewReplicaSetAvailable'
  if (!hasDeadline(deployment)) {
    status.conditions = status.conditions.filter(({ type }: Condition) => type !== 'Progressing')
  } else if (!wasComplete) {
    const subject =
      newest === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newest.metadata.name}"`
    const set = (reason: string, message: string, status = 'True') => ({ type: 'Progressing', status, reason, message })
    if (isComplete(deployment, status)) {
      const condition = set('NewReplicaSetAvailable', `${subject} has successfully progressed.`)
      status.conditions = withCondition(clock, status.conditions, condition, { updateTime: true })
    } else if (isProgressing(deployment.status, status)) {
      status.conditions = withFreshCondition(
        clock,
        status.conditions,
        set('ReplicaSetUpdated', `${subject} is progressing.`),
      )
    } else if ((untilTimedOut(clock, deployment) ?? 1) <= 0) {
      const condition = set('ProgressDeadlineExceeded', `${subject} has timed out progressing.`, 'False')
      status.conditions = withCondition(clock, status.conditions, condition, { updateTime: true })
    }
  }
  const failure = replicaFailure(all, newest)
  const others = status.conditions.filter(({ type }: Condition) => type !== 'ReplicaFailure')
  status.conditions = failure ? withCondition(clock, status.conditions, failure, { updateTime: true }) : others
  return status
}

function replicaFailure(all: readonly KubeObject[], newest: KubeObject | undefined): Condition | undefined {
  for (const set of [...(newest ? [newest] : []), ...all]) {
    const failure = conditionOf(set.status, 'ReplicaFailure')
    if (failure !== undefined) {
      const { status, reason = '', message = '' } = failure
      return { type: 'ReplicaFailure', status, reason, message }
    }
  }
  return undefined
}
