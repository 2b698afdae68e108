import type { KubeObject } from '../kubernetes/index.ts'

/** What a Deployment knows and writes about its ReplicaSets (pkg/controller/deployment/util). */

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
export const hashLabel = 'pod-template-hash'

/** Annotations of a Deployment that stay its own. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

const hashAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** JSON with sorted keys and without empty parts: equal for templates that mean the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, part]) => part !== undefined && part !== null)
  const parts = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
  return `{${parts.join(',')}}`
}

function withoutHash(template: KubeObject['spec']): KubeObject['spec'] {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** A name part that follows from a pod template: FNV-1a, written in the alphabet of generated names. */
export function templateHash(template: KubeObject['spec'], collisions = 0): string {
  const text = canonical(template) + (collisions > 0 ? String(collisions) : '')
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  // rand.SafeEncodeString over the decimal digits.
  const digits = String(hash >>> 0).split('')
  return digits.map((digit) => hashAlphabet[digit.charCodeAt(0) % hashAlphabet.length]).join('')
}

export const sameTemplate = (a: KubeObject['spec'], b: KubeObject['spec']): boolean =>
  canonical(withoutHash(a)) === canonical(withoutHash(b))

export const byAge = (a: KubeObject, b: KubeObject): number =>
  Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

/** The ReplicaSet of the deployment's present template; of several the oldest. */
export function newReplicaSet(deployment: KubeObject, sets: readonly KubeObject[]): KubeObject | undefined {
  return [...sets].sort(byAge).find((set) => sameTemplate(set.spec.template, deployment.spec.template))
}

export const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[revisionAnnotation] ?? 0)

export const replicasOf = ({ spec }: KubeObject): number => spec.replicas ?? 1

export const sumOf = (sets: readonly KubeObject[], count: (set: KubeObject) => number | undefined): number =>
  sets.reduce((sum, set) => sum + (count(set) ?? 0), 0)

function scaled(value: number | string | undefined, of: number, up: boolean): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const share = (Number(value.replace('%', '')) * of) / 100
  return up ? Math.ceil(share) : Math.floor(share)
}

/** maxSurge and maxUnavailable in pods; both zero would stand still, so then one may be missing (ResolveFenceposts). */
export function fenceposts(deployment: KubeObject): { maxSurge: number; maxUnavailable: number } {
  if (deployment.spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 }
  const replicas = replicasOf(deployment)
  const { maxSurge: surge = '25%', maxUnavailable: unavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {}
  const maxSurge = scaled(surge, replicas, true)
  const maxUnavailable = scaled(unavailable, replicas, false)
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : Math.min(maxUnavailable, replicas) }
}

/** How many replicas the newest ReplicaSet may have now (NewRSNewReplicas). */
export function newReplicas(
  deployment: KubeObject,
  all: readonly KubeObject[],
  newest: KubeObject | undefined,
): number {
  const replicas = replicasOf(deployment)
  const now = newest === undefined ? 0 : replicasOf(newest)
  if (deployment.spec.strategy?.type === 'Recreate') return replicas
  const room = replicas + fenceposts(deployment).maxSurge - sumOf(all, replicasOf)
  if (room <= 0) return now
  return now + Math.min(room, replicas - now)
}

/** Writes into annotations of a ReplicaSet what the Deployment has and at which revision it is; says whether something changed. */
export function annotate(set: KubeObject, deployment: KubeObject, revision: number): boolean {
  const before = set.metadata.annotations ?? {}
  const after: Record<string, string> = { ...before }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!notCopied.has(key)) after[key] = value
  if (revision > revisionOf(set)) {
    const old = before[revisionAnnotation]
    after[revisionAnnotation] = String(revision)
    if (old !== undefined && old !== String(revision)) {
      after[historyAnnotation] = before[historyAnnotation] ? `${before[historyAnnotation]},${old}` : old
    }
  }
  set.metadata.annotations = annotateReplicas(after, deployment)
  return canonical(before) !== canonical(set.metadata.annotations)
}

function annotateReplicas(annotations: Record<string, string>, deployment: KubeObject): Record<string, string> {
  const replicas = replicasOf(deployment)
  return {
    ...annotations,
    [desiredAnnotation]: String(replicas),
    [maxAnnotation]: String(replicas + fenceposts(deployment).maxSurge),
  }
}

export function setReplicaAnnotations(set: KubeObject, deployment: KubeObject): void {
  set.metadata.annotations = annotateReplicas(set.metadata.annotations ?? {}, deployment)
}

export const desiredReplicas = ({ metadata }: KubeObject): number | undefined => {
  const text = metadata.annotations?.[desiredAnnotation]
  return text === undefined ? undefined : Number(text)
}

export const maxReplicas = ({ metadata }: KubeObject): number | undefined => {
  const text = metadata.annotations?.[maxAnnotation]
  return text === undefined ? undefined : Number(text)
}

export function isSaturated(deployment: KubeObject, set: KubeObject | undefined): boolean {
  if (set === undefined) return false
  const replicas = replicasOf(deployment)
  return (
    replicasOf(set) === replicas &&
    desiredReplicas(set) === replicas &&
    (set.status?.availableReplicas ?? 0) === replicas
  )
}
