import type { CallOutcome, ConnectionFailure, HttpRequest, HttpResponse } from '../../kubernetes/index.ts'
import type { Connection, Endpoint } from '../contract.ts'
import { connectionTo, tlsFailure } from './client-tls.ts'
import type { Cluster } from './cluster.ts'
import type { ResetReason } from './local-reply.ts'
import type { Release } from './pool.ts'
import type { Proxy } from './proxy.ts'

/** What became of sending a request once. */
export type Attempt = { endpoint?: Endpoint; connection?: Connection } & (
  | { kind: 'response'; response: HttpResponse; milliseconds: number }
  | { kind: 'no-healthy-upstream' }
  /** `wasReset`: by a TCP reset rather than an orderly end. */
  | { kind: 'reset'; reason: ResetReason; transportFailure?: string; wasReset?: boolean }
  /** The time for this try was over: the server's failure. */
  | { kind: 'timed-out' }
  /** The caller hung up: nobody's failure. */
  | { kind: 'caller-left' }
)

/** What ends an attempt early. */
export interface Limits {
  /** Fires when the caller hangs up, and when the time for this try is over. */
  signal: AbortSignal
  /** Fires when the caller hangs up. */
  caller: AbortSignal
}

const keyOf = (endpoint: Endpoint): string => `${endpoint.ip}:${endpoint.port}`

function failureOf(failure: ConnectionFailure, connection: Connection): Attempt {
  const connect = (transportFailure: string): Attempt => ({
    kind: 'reset',
    reason: 'remote connection failure',
    transportFailure,
  })
  switch (failure.kind) {
    case 'refused':
      return connect('delayed connect error: Connection refused')
    case 'unreachable':
    case 'dns':
      return connect('delayed connect error: No route to host')
    case 'tls':
      return connect(tlsFailure(connection, failure.message))
    case 'timeout':
      return { kind: 'reset', reason: 'connection timeout' }
    default:
      return { kind: 'reset', reason: 'connection termination', wasReset: failure.kind === 'reset' }
  }
}

/** Hosts not tried yet, where there are any. Source: Istio's retry host predicate `previous_hosts`. */
function fresh(hosts: readonly Endpoint[], tried: ReadonlySet<string>): readonly Endpoint[] {
  if (tried.size === 0) return hosts
  const others = hosts.filter((host) => !tried.has(keyOf(host)))
  return others.length > 0 ? others : hosts
}

export const endOf = ({ caller }: Limits): 'caller-left' | 'timed-out' => (caller.aborted ? 'caller-left' : 'timed-out')

/** A program that never looks at its signal must not hold the proxy: undefined when the signal fires first. */
function unlessAborted(work: Promise<CallOutcome>, signal: AbortSignal): Promise<CallOutcome | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

async function send(
  proxy: Proxy,
  cluster: Cluster,
  endpoint: Endpoint,
  request: HttpRequest,
  limits: Limits,
): Promise<Attempt> {
  const { signal } = limits
  const connection = connectionTo(proxy, cluster, endpoint)
  // TLS that the proxy makes is the program's to read where no other proxy stands before it.
  const tlsToProgram = connection.tls === 'tls' && endpoint.workload?.sidecar !== true
  const sent: HttpRequest = tlsToProgram ? { ...request, scheme: 'https' } : request
  const before = proxy.clock.monotonic()
  const delivery = proxy.fabric.deliver({ ip: endpoint.ip, port: endpoint.port }, connection, sent, signal)
  const outcome = await unlessAborted(delivery, signal)
  if (outcome === undefined || signal.aborted) return { kind: endOf(limits), endpoint, connection }
  if (!outcome.ok) return { ...failureOf(outcome.failure, connection), endpoint, connection }
  const { response } = outcome
  return { kind: 'response', response, milliseconds: proxy.clock.monotonic() - before, endpoint, connection }
}

function statusOf(attempt: Attempt): number {
  if (attempt.kind === 'response') return attempt.response.status
  return attempt.kind === 'timed-out' ? 504 : 503
}

async function acquire(cluster: Cluster, key: string, signal: AbortSignal): Promise<Release | undefined> {
  const { pool } = cluster.state
  if (pool === undefined) return () => {}
  pool.retain(new Set(cluster.endpoints.map(keyOf)))
  return pool.acquire(key, signal)
}

/** Chooses a host, waits for a connection within the limits, sends the request, and remembers how the host did. */
export async function attempt(
  proxy: Proxy,
  cluster: Cluster,
  request: HttpRequest,
  limits: Limits,
  tried: Set<string>,
): Promise<Attempt> {
  const { state } = cluster
  const healthy = state.outlier?.healthy(cluster.endpoints, keyOf) ?? cluster.endpoints
  const busy = (key: string): number => state.busy.get(key) ?? 0
  const choice = state.balancer.choose(fresh(healthy, tried), keyOf, busy, request, proxy.workload.ip)
  if (choice === undefined) return { kind: 'no-healthy-upstream' }
  const key = keyOf(choice.host)
  tried.add(key)
  const release = await acquire(cluster, key, limits.signal)
  if (release === undefined) {
    return limits.signal.aborted
      ? { kind: endOf(limits), endpoint: choice.host }
      : { kind: 'reset', reason: 'overflow' }
  }
  state.busy.set(key, busy(key) + 1)
  state.requestsTotal += 1
  let result: Attempt
  try {
    result = await send(proxy, cluster, choice.host, request, limits)
  } finally {
    release()
    const left = busy(key) - 1
    if (left > 0) state.busy.set(key, left)
    else state.busy.delete(key)
  }
  if (result.kind === 'caller-left') return result
  const status = statusOf(result)
  if (status >= 500) state.requests5xx += 1
  state.outlier?.record(key, status, cluster.endpoints.map(keyOf))
  if (choice.setCookie !== undefined && result.kind === 'response') {
    const { response } = result
    const headers: HttpResponse['headers'] = [...response.headers, ['set-cookie', choice.setCookie]]
    return { ...result, response: { ...response, headers } }
  }
  return result
}
