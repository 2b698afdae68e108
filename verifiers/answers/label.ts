import type { ProbeAnswer } from '../../protocol/probe.ts'

const failures: Record<NonNullable<ProbeAnswer['failure']>['kind'], string> = {
  dns: 'no such name',
  refused: 'connection refused',
  timeout: 'time-out',
  unreachable: 'unreachable',
  tls: 'TLS failed',
  empty: 'empty reply',
  reset: 'connection reset',
}

/** What a person would call an answer: `200`, `403 RBAC: access denied`, `503 overflow`, `connection reset`. */
export function label(answer: ProbeAnswer): string {
  if (answer.failure) return failures[answer.failure.kind]
  if (isRbacDenial(answer)) return '403 RBAC: access denied'
  if (isOverflow(answer)) return '503 overflow'
  return String(answer.status)
}

/** Istio's own refusal by an AuthorizationPolicy: status 403 with exactly this body. */
export function isRbacDenial(answer: ProbeAnswer): boolean {
  return answer.status === 403 && answer.body === 'RBAC: access denied'
}

/** Envoy's circuit breaker: 503 with the overflow reason, and the header that says so. */
export function isOverflow(answer: ProbeAnswer): boolean {
  return (
    answer.status === 503 &&
    (answer.headers?.['x-envoy-overloaded'] === 'true' || /reset reason: overflow/.test(answer.body ?? ''))
  )
}

export function isReset(answer: ProbeAnswer): boolean {
  return answer.failure?.kind === 'reset'
}

export function isServed(answer: ProbeAnswer): boolean {
  return answer.status !== undefined && answer.status >= 200 && answer.status < 300
}

/** Counts by label: `{'200': 9, 'connection reset': 1}`. */
export function counts(answers: readonly ProbeAnswer[]): Record<string, number> {
  const result: Record<string, number> = {}
  for (const answer of answers) result[label(answer)] = (result[label(answer)] ?? 0) + answer.count
  return result
}

/** Counts in words: `9 × 200, 1 × connection reset`. */
export function summary(answers: readonly ProbeAnswer[]): string {
  return Object.entries(counts(answers))
    .map(([name, count]) => `${count} × ${name}`)
    .join(', ')
}

/** Why a call that should have been decided by the mesh never got that far; undefined when it did. */
export function unreached(
  answers: readonly ProbeAnswer[],
  target: string,
): { code: string; reason: string } | undefined {
  for (const { failure } of answers) {
    if (failure?.kind === 'dns')
      return {
        code: 'no-service',
        reason: `The name ${target} does not exist in the cluster, so nothing was proven. Is the Service there?`,
      }
    if (failure?.kind === 'refused')
      return {
        code: 'no-endpoints',
        reason: `${target} refused the connection: no ready pod stands behind it. That is not a policy's doing.`,
      }
    if (failure?.kind === 'timeout' || failure?.kind === 'unreachable')
      return {
        code: 'timed-out',
        reason: `The call to ${target} got no answer in time. A policy of the mesh answers at once, so something else is in the way (a NetworkPolicy, a slow start).`,
      }
  }
  return undefined
}
