import type { HttpRequest, HttpResponse } from '../../kubernetes/index.ts'
import type { Connection, Endpoint } from '../contract.ts'
import type { Cluster } from './cluster.ts'
import {
  CALLER_LEFT,
  NO_HEALTHY_UPSTREAM,
  REQUEST_TIMEOUT,
  TRY_TIMEOUT,
  upstreamReset,
  type LocalReply,
} from './local-reply.ts'
import type { Proxy } from './proxy.ts'
import { isRetriable, RETRY_BASE_MILLISECONDS } from './retry.ts'
import type { RetryPolicy } from './routes/index.ts'
import { attempt, endOf, type Attempt, type Limits } from './upstream.ts'

/** What a proxy answers, and what its access log says of it. */
export interface Answer {
  response: HttpResponse
  flags: string
  details: string
  transportFailure?: string
  /** Server that was spoken to (or tried) last. */
  endpoint?: Endpoint
  connection?: Connection
  cluster?: string
  /** Milliseconds that the server took; absent for the proxy's own replies. */
  serviceMilliseconds?: number
}

export function fromReply(reply: LocalReply, more: Partial<Answer> = {}): Answer {
  return { ...reply, ...more }
}

/** Aborts with its parent, or after a time; dispose it. */
function deadline(proxy: Proxy, parent: AbortSignal, limit: number | undefined): { signal: AbortSignal } & Disposable {
  if (limit === undefined || limit <= 0) return { signal: parent, [Symbol.dispose]: () => {} }
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  parent.addEventListener('abort', abort, { once: true })
  const timer = proxy.clock.after(limit, abort)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]()
      parent.removeEventListener('abort', abort)
    },
  }
}

function pause(proxy: Proxy, limit: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = proxy.clock.after(limit, end)
    signal.addEventListener('abort', end, { once: true })
  })
}

function seenBy({ endpoint, connection }: Attempt, cluster: Cluster): Partial<Answer> {
  return { cluster: cluster.name, ...(endpoint && { endpoint }), ...(connection && { connection }) }
}

function describe(last: Attempt, cluster: Cluster, retried: boolean, limitReached: boolean): Answer {
  const seen = seenBy(last, cluster)
  switch (last.kind) {
    case 'response':
      return {
        response: last.response,
        flags: limitReached ? 'URX' : '-',
        details: 'via_upstream',
        serviceMilliseconds: last.milliseconds,
        ...seen,
      }
    case 'reset':
      return fromReply(upstreamReset(last.reason, retried, last.transportFailure), seen)
    case 'timed-out':
      return fromReply(TRY_TIMEOUT, seen)
    case 'caller-left':
      return fromReply(CALLER_LEFT, seen)
    default:
      return fromReply(NO_HEALTHY_UPSTREAM, { cluster: cluster.name })
  }
}

async function tryOnce(
  proxy: Proxy,
  cluster: Cluster,
  request: HttpRequest,
  { signal, caller }: Limits,
  perTry: number | undefined,
  tried: Set<string>,
): Promise<Attempt> {
  const limit = deadline(proxy, signal, perTry)
  try {
    return await attempt(proxy, cluster, request, { signal: limit.signal, caller }, tried)
  } finally {
    limit[Symbol.dispose]()
  }
}

/** Sends a request to a cluster under the route's retries and timeout. */
export async function route(
  proxy: Proxy,
  cluster: Cluster,
  request: HttpRequest,
  policy: { retries: RetryPolicy; timeoutMilliseconds: number | undefined },
  signal: AbortSignal,
): Promise<Answer> {
  const { retries } = policy
  const overall = deadline(proxy, signal, policy.timeoutMilliseconds)
  const limits: Limits = { signal: overall.signal, caller: signal }
  const over = (last: Attempt): Answer =>
    fromReply(endOf(limits) === 'caller-left' ? CALLER_LEFT : REQUEST_TIMEOUT, seenBy(last, cluster))
  const tried = new Set<string>()
  const maxRetries = cluster.policy.connectionPool?.http?.maxRetries || Infinity
  try {
    for (let count = 0; ; count++) {
      const counted: HttpRequest = {
        ...request,
        headers: [...request.headers, ['x-envoy-attempt-count', String(count + 1)]],
      }
      const last = await tryOnce(proxy, cluster, counted, limits, retries.perTryMilliseconds, tried)
      if (overall.signal.aborted) return over(last)
      const again = isRetriable(last, retries) && retries.attempts > 0
      if (!again || count >= retries.attempts || cluster.state.retriesInFlight >= maxRetries) {
        return describe(last, cluster, count > 0, again && count >= retries.attempts)
      }
      cluster.state.retriesInFlight += 1
      const longest = Math.min(RETRY_BASE_MILLISECONDS * 2 ** count, RETRY_BASE_MILLISECONDS * 10)
      await pause(proxy, proxy.random.below(longest), overall.signal)
      cluster.state.retriesInFlight -= 1
      if (overall.signal.aborted) return over(last)
    }
  } finally {
    overall[Symbol.dispose]()
  }
}
