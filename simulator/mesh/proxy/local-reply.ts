import type { Headers, HttpResponse } from '../../kubernetes/index.ts'

/**
 * The answers that Envoy gives by itself, with what its access log then says. Sources: Envoy's router and
 * connection pool, `Http::Utility::sendLocalReply`; the sentences as in Istio's documentation.
 */
export interface LocalReply {
  response: HttpResponse
  /** RESPONSE_FLAGS of the access log. */
  flags: string
  /** RESPONSE_CODE_DETAILS. */
  details: string
  /** UPSTREAM_TRANSPORT_FAILURE_REASON. */
  transportFailure?: string
}

/** A local reply without a body has no content-type. */
export function localReply(
  status: number,
  body: string,
  flags: string,
  details: string,
  extra: Headers = [],
): LocalReply {
  const type: Headers = body === '' ? [] : [['content-type', 'text/plain']]
  const headers: Headers = [['content-length', String(Buffer.byteLength(body))], ...type, ...extra]
  return { response: { status, headers, body }, flags, details }
}

export const NO_ROUTE = localReply(404, '', 'NR', 'route_not_found')
export const NO_CLUSTER = localReply(503, '', 'NC', 'cluster_not_found')
export const NO_HEALTHY_UPSTREAM = localReply(503, 'no healthy upstream', 'UH', 'no_healthy_upstream')
export const BLOCKED = localReply(502, '', '-', 'direct_response')
export const REQUEST_TIMEOUT = localReply(504, 'upstream request timeout', 'UT', 'response_timeout')
export const TRY_TIMEOUT = localReply(504, 'upstream request timeout', 'UT', 'upstream_per_try_timeout')
/** Nobody reads it: the caller hung up before there was an answer. */
export const CALLER_LEFT = localReply(0, '', 'DC', 'downstream_remote_disconnect')

export function accessDenied(matchedPolicy: string): LocalReply {
  return localReply(403, 'RBAC: access denied', '-', `rbac_access_denied_matched_policy[${matchedPolicy}]`)
}

export type ResetReason = 'overflow' | 'connection termination' | 'remote connection failure' | 'connection timeout'

const FLAGS: Record<ResetReason, string> = {
  overflow: 'UO',
  'connection termination': 'UC',
  'remote connection failure': 'UF',
  'connection timeout': 'UF',
}

/** 503 for a stream that ended before the answer began. `retried`: as often as the policy lets it. */
export function upstreamReset(reason: ResetReason, retried: boolean, transportFailure?: string): LocalReply {
  const lead = retried ? 'retried and the latest reset reason' : 'reset reason'
  const cause = transportFailure === undefined ? '' : `, transport failure reason: ${transportFailure}`
  const body = `upstream connect error or disconnect/reset before headers. ${lead}: ${reason}${cause}`
  const detail = [reason, ...(transportFailure === undefined ? [] : [transportFailure])].join('|').replaceAll(' ', '_')
  const reply = localReply(
    503,
    body,
    retried ? `URX,${FLAGS[reason]}` : FLAGS[reason],
    `upstream_reset_before_response_started{${detail}}`,
    reason === 'overflow' ? [['x-envoy-overloaded', 'true']] : [],
  )
  return transportFailure === undefined ? reply : { ...reply, transportFailure }
}
