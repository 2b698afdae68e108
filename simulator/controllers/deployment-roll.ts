import type { KubeObject } from '../kubernetes/index.ts'
import type { ScaleSet } from './deployment-scale.ts'
import type { Rollout } from './deployment-status.ts'
import { byAge, fenceposts, newReplicas, replicasOf, sumOf } from './replica-sets-of.ts'

const availableOf = ({ status }: KubeObject): number => status?.availableReplicas ?? 0

/** One step of a rolling update: first the new ReplicaSet, else the old ones; resolves to whether something was scaled. */
export async function rollStep(rollout: Rollout, scale: ScaleSet): Promise<boolean> {
  const { deployment, all, newest } = rollout
  if (newest === undefined) return false
  const wanted = replicasOf(deployment)
  const now = replicasOf(newest)
  if (now !== wanted) {
    const next = now > wanted ? wanted : newReplicas(deployment, all, newest)
    if (next !== now) return scale(deployment, newest, next)
  }
  return shrinkOld(rollout, newest, scale)
}

/** reconcileOldReplicaSets: never below what must stay available, what is unhealthy first. */
async function shrinkOld({ deployment, all }: Rollout, newest: KubeObject, scale: ScaleSet): Promise<boolean> {
  const old = all.filter((set) => set !== newest && replicasOf(set) > 0).sort(byAge)
  if (old.length === 0) return false
  const least = replicasOf(deployment) - fenceposts(deployment).maxUnavailable
  const newUnavailable = replicasOf(newest) - availableOf(newest)
  const mayGo = sumOf(all, replicasOf) - least - newUnavailable
  if (mayGo <= 0) return false

  const sizes = new Map(old.map((set) => [set, replicasOf(set)]))
  let unhealthyLeft = mayGo
  for (const set of old) {
    const unhealthy = Math.min(unhealthyLeft, replicasOf(set) - availableOf(set))
    if (unhealthy <= 0) continue
    sizes.set(set, replicasOf(set) - unhealthy)
    unhealthyLeft -= unhealthy
  }
  let healthyLeft = Math.max(0, sumOf(all, availableOf) - least)
  for (const set of old) {
    const size = sizes.get(set) ?? 0
    const healthy = Math.min(healthyLeft, size)
    sizes.set(set, size - healthy)
    healthyLeft -= healthy
  }
  let scaled = false
  for (const [set, size] of sizes) if (size !== replicasOf(set)) scaled = (await scale(deployment, set, size)) || scaled
  return scaled
}

/** Recreate: all old ones to nothing; resolves to whether something was scaled. */
export async function shrinkAllOld({ deployment, all, newest }: Rollout, scale: ScaleSet): Promise<boolean> {
  let scaled = false
  for (const set of all) {
    if (set.metadata.uid === newest?.metadata.uid || replicasOf(set) === 0) continue
    scaled = (await scale(deployment, set, 0)) || scaled
  }
  return scaled
}
