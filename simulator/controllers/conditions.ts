import { timestamp, type Clock } from '../kubernetes/index.ts'

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
}

/** The conditions with one set: nothing changes when status and reason are the same, the transition time stays when the status is. */
export function withCondition(
  clock: Clock,
  conditions: readonly Condition[],
  wanted: Condition,
  { updateTime = false } = {},
): Condition[] {
  const before = conditions.find(({ type }) => type === wanted.type)
  if (before?.status === wanted.status && before.reason === wanted.reason) return [...conditions]
  return [...conditions.filter((other) => other !== before), stamped(clock, before, wanted, updateTime)]
}

function stamped(clock: Clock, before: Condition | undefined, wanted: Condition, updateTime: boolean): Condition {
  const now = timestamp(clock)
  return {
    type: wanted.type,
    status: wanted.status,
    ...(updateTime ? { lastUpdateTime: now } : {}),
    lastTransitionTime: before?.status === wanted.status ? (before.lastTransitionTime ?? now) : now,
    ...(wanted.reason === undefined ? {} : { reason: wanted.reason }),
    ...(wanted.message === undefined ? {} : { message: wanted.message }),
  }
}

/** The same, but always with a new update time: how a deployment shows that it still moves. */
export function withFreshCondition(clock: Clock, conditions: readonly Condition[], wanted: Condition): Condition[] {
  const before = conditions.find(({ type }) => type === wanted.type)
  return [...conditions.filter((other) => other !== before), stamped(clock, before, wanted, true)]
}
