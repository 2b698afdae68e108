import type { Api, EventRecorder, KubeObject } from '../kubernetes/index.ts'
import { manager } from './controller.ts'
import {
  byAge,
  desiredReplicas,
  fenceposts,
  isSaturated,
  maxReplicas,
  newReplicaSet,
  replicasOf,
  setReplicaAnnotations,
  sumOf,
} from './replica-sets-of.ts'

/** Scales one ReplicaSet of a deployment and tells an event; resolves to whether anything changed. */
export type ScaleSet = (deployment: KubeObject, set: KubeObject, replicas: number) => Promise<boolean>

export function scaleWith(api: Api, recorder: EventRecorder): ScaleSet {
  return async (deployment, set, replicas) => {
    const before = replicasOf(set)
    await api.mutate(
      'replicasets.apps',
      set.metadata.namespace,
      set.metadata.name,
      (current) => {
        current.spec.replicas = replicas
        setReplicaAnnotations(current, deployment)
      },
      { manager },
    )
    if (before === replicas) return false
    const direction = before < replicas ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`
    recorder.record(deployment, 'Normal', 'ScalingReplicaSet', message)
    return true
  }
}

/** Whether the deployment's size was changed since its ReplicaSets were last scaled. */
export function isScalingEvent(deployment: KubeObject, sets: readonly KubeObject[]): boolean {
  return sets.some((set) => {
    const desired = desiredReplicas(set)
    return replicasOf(set) > 0 && desired !== undefined && desired !== replicasOf(deployment)
  })
}

/** Brings the ReplicaSets to the deployment's new size without rolling: in proportion when several are in use (sync.go scale). */
export async function scaleInProportion(
  deployment: KubeObject,
  all: readonly KubeObject[],
  scale: ScaleSet,
): Promise<void> {
  const newest = newReplicaSet(deployment, all)
  const active = all.filter((set) => replicasOf(set) > 0)
  const only =
    active.length === 0 ? (newest ?? [...all].sort(byAge).at(-1)) : active.length === 1 ? active[0] : undefined
  const wanted = replicasOf(deployment)
  if (only !== undefined) {
    if (replicasOf(only) !== wanted) await scale(deployment, only, wanted)
    return
  }
  if (isSaturated(deployment, newest)) {
    for (const set of active) if (set !== newest) await scale(deployment, set, 0)
    return
  }
  if (deployment.spec.strategy?.type === 'Recreate' || active.length === 0) return
  const allowed = wanted > 0 ? wanted + fenceposts(deployment).maxSurge : 0
  let toAdd = allowed - sumOf(all, replicasOf)
  const order = (a: KubeObject, b: KubeObject): number =>
    replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b))
  const sizes = new Map<KubeObject, number>()
  const whole = toAdd
  for (const set of [...active].sort(order)) {
    const share = toAdd === 0 ? 0 : proportionOf(deployment, set, allowed, whole, whole - toAdd)
    sizes.set(set, replicasOf(set) + share)
    toAdd -= share
  }
  for (const [index, [set, size]] of [...sizes].entries()) {
    // What rounding left goes to the largest.
    await scale(deployment, set, Math.max(0, index === 0 ? size + toAdd : size))
  }
}

function proportionOf(deployment: KubeObject, set: KubeObject, allowed: number, toAdd: number, added: number): number {
  const replicas = replicasOf(set)
  const before = maxReplicas(set) ?? deployment.status?.replicas ?? replicasOf(deployment)
  const fraction = Math.round((replicas * allowed) / (before || 1)) - replicas
  const room = toAdd - added
  return toAdd > 0 ? Math.min(fraction, room) : Math.max(fraction, room)
}
