import type { SweepStep } from '../../protocol/provisioner.ts'
import type { ClusterName, OwnedObject } from './engine.ts'
import type { IntentRow } from './intents.ts'

/** An object without an intent may be one that another provisioner of this data folder makes just now; older ones are nobody's. */
export const GRACE_MILLISECONDS = 2 * 60_000

export interface Seen {
  intents: readonly IntentRow[]
  owned: readonly OwnedObject[]
  name(this: void, id: string): ClusterName
  /** Clusters that this provisioner works at. */
  busy: ReadonlySet<string>
  /** Milliseconds since 1970. */
  now: number
}

/** What has to be done so that the engine has what is meant to be there, and nothing else. */
export function planSweep({ intents, owned, name, busy, now }: Seen): SweepStep[] {
  const known = new Set(intents.map(({ id }) => name(id).name))
  const steps: SweepStep[] = []
  for (const { id, intent } of intents) {
    if (busy.has(id)) continue
    const cluster = name(id).name
    const own = owned.filter((object) => object.cluster === cluster)
    const step = stepFor(intent, own)
    if (step !== undefined) steps.push({ ...step, cluster, objects: own.map(describe) })
  }
  for (const cluster of new Set(owned.map((object) => object.cluster)))
    if (!known.has(cluster)) {
      const own = owned.filter((object) => object.cluster === cluster)
      if (own.every(({ createdAt }) => now - createdAt > GRACE_MILLISECONDS))
        steps.push({
          action: 'delete',
          cluster,
          reason: 'no cluster of this name is meant to be',
          objects: own.map(describe),
        })
    }
  return steps
}

function stepFor(
  intent: IntentRow['intent'],
  own: readonly OwnedObject[],
): Pick<SweepStep, 'action' | 'reason'> | undefined {
  const nodes = own.filter(({ kind }) => kind === 'node')
  const containers = own.filter(({ kind }) => kind !== 'network')
  switch (intent) {
    case 'creating':
      return { action: 'delete', reason: 'whoever made it died before it was ready' }
    case 'deleting':
      return { action: 'finish-delete', reason: 'its deletion was cut short' }
    case 'ready':
    case 'paused':
    case 'resetting':
      if (nodes.length === 0) return { action: 'forget', reason: 'its nodes were taken away by somebody else' }
      if (intent === 'resetting') return { action: 'finish-reset', reason: 'its reset was cut short' }
      if (containers.some(({ state }) => state === 'stopped'))
        return { action: 'start', reason: 'its containers stand still, as after a restart of the engine' }
      if (containers.some(({ state }) => (state === 'paused') !== (intent === 'paused')))
        return { action: 'start', reason: `it is meant to be ${intent === 'paused' ? 'paused' : 'running'}` }
      return undefined
  }
}

const describe = ({ kind, name }: OwnedObject): string => `${kind} ${name}`
