import type { HttpRequest, HttpResponse } from '../../kubernetes/index.ts'
import type { Connection, Endpoint } from '../contract.ts'
import type { Cluster } from './cluster.ts'
import { NO_HEALTHY_UPSTREAM, REQUEST_TIMEOUT, TRY_TIMEOUT, upstreamReset, type LocalReply } from './local-reply.ts'
import type { Proxy } from './proxy.ts'
import { isRetriable, RETRY_BASE_MILLISECONDS } from './retry.ts'
import type { RetryPolicy } from './routes/index.ts'
import { attempt, type Attempt } from './upstream.ts'

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

/** A program that never looks at its signal must not hold the proxy: whichever comes first. */
function orAborted(work: Promise<Attempt>, signal: AbortSignal): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve({ kind: 'aborted' })
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
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
    case 'aborted':
      return fromReply(TRY_TIMEOUT, seen)
    default:
      return fromReply(NO_HEALTHY_UPSTREAM, { cluster: cluster.name })
  }
}

async function tryOnce(
  proxy: Proxy,
  cluster: Cluster,
  request: HttpRequest,
  overall: AbortSignal,
  perTry: number | undefined,
  tried: Set<string>,
): Promise<Attempt> {
  const limit = deadline(proxy, overall, perTry)
  try {
    return await orAborted(attempt(proxy, cluster, request, limit.signal, tried), limit.signal)
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
  const tried = new Set<string>()
  const maxRetries = cluster.policy.connectionPool?.http?.maxRetries || Infinity
  try {
    for (let count = 0; ; count++) {
      const counted: HttpRequest = {
        ...request,
        headers: [...request.headers, ['x-envoy-attempt-count', String(count + 1)]],
      }
      const last = await tryOnce(proxy, cluster, counted, overall.signal, retries.perTryMilliseconds, tried)
      if (overall.signal.aborted) return fromReply(REQUEST_TIMEOUT, seenBy(last, cluster))
      const again = isRetriable(last, retries) && retries.attempts > 0
      if (!again || count >= retries.attempts || cluster.state.retriesInFlight >= maxRetries) {
        return describe(last, cluster, count > 0, again && count >= retries.attempts)
      }
      cluster.state.retriesInFlight += 1
      const longest = Math.min(RETRY_BASE_MILLISECONDS * 2 ** count, RETRY_BASE_MILLISECONDS * 10)
      await pause(proxy, proxy.random.below(longest), overall.signal)
      cluster.state.retriesInFlight -= 1
    }
  } finally {
    overall[Symbol.dispose]()
  }
}
