import type { Headers, HttpRequest } from '../../kubernetes/index.ts'
import type { Endpoint } from '../contract.ts'
import { clusterFor, clusterName } from './cluster.ts'
import { drawFault } from './fault.ts'
import { localReply, NO_CLUSTER, NO_ROUTE } from './local-reply.ts'
import type { Proxy } from './proxy.ts'
import { fromReply, route, type Answer } from './router.ts'
import {
  changeHeaders,
  changeRequest,
  cors,
  findRoute,
  redirectLocation,
  rewriteRequest,
  type CompiledMatch,
  type HttpRoute,
  type Incoming,
} from './routes/index.ts'

export interface RoutedAnswer extends Answer {
  routeName: string
  /** The request as it went on. */
  request: HttpRequest
}

/** One of the weighted destinations, drawn anew for each request. */
function draw(proxy: Proxy, targets: HttpRoute['targets']): HttpRoute['targets'][number] | undefined {
  if (targets.length <= 1) return targets[0]
  const total = targets.reduce((sum, target) => sum + target.weight, 0)
  let ticket = proxy.random.next() * total
  return targets.find((target) => (ticket -= target.weight) < 0) ?? targets.at(-1)
}

/** Fire and forget: the copy goes to the host with `-shadow` behind its name, the answer goes nowhere. */
function mirror(
  proxy: Proxy,
  chosen: HttpRoute,
  incoming: Incoming,
  request: HttpRequest,
  dialled: Endpoint | undefined,
) {
  for (const { target, percentage } of chosen.mirrors) {
    if (proxy.random.next() * 100 >= percentage) continue
    const cluster = clusterFor(proxy, target, incoming.port, dialled)
    if (cluster === undefined) continue
    const [host = '', ...port] = request.authority.split(':')
    const shadow = { ...request, authority: [`${host}-shadow`, ...port].join(':') }
    const policy = { retries: { ...chosen.retries, attempts: 0 }, timeoutMilliseconds: chosen.timeoutMilliseconds }
    // Nobody waits for it; a failure of the copy is not the caller's.
    route(proxy, cluster, shadow, policy, new AbortController().signal).catch(() => {})
  }
}

/** An answer that the route itself holds: redirect, directResponse, CORS preflight. */
function ownAnswer(chosen: HttpRoute, request: HttpRequest, preflight: Headers | undefined): Answer | undefined {
  if (preflight !== undefined) return fromReply(localReply(200, '', '-', '-', preflight))
  if (chosen.redirect !== undefined) {
    const location = redirectLocation(request, chosen.redirect)
    return fromReply(
      localReply(chosen.redirect.redirectCode ?? 301, '', '-', 'direct_response', [['location', location]]),
    )
  }
  if (chosen.directResponse === undefined) return undefined
  const { status, body } = chosen.directResponse
  const text = body?.string ?? (body?.bytes === undefined ? '' : Buffer.from(body.bytes, 'base64').toString())
  return fromReply(localReply(status, text, '-', 'direct_response'))
}

async function forward(
  proxy: Proxy,
  chosen: HttpRoute,
  match: CompiledMatch,
  incoming: Incoming,
  dialled: Endpoint | undefined,
  signal: AbortSignal,
): Promise<RoutedAnswer> {
  const target = draw(proxy, chosen.targets)
  const { request: original } = incoming
  if (target === undefined) return { ...fromReply(NO_CLUSTER), routeName: match.routeName, request: original }
  let request = changeRequest(changeRequest(original, chosen.headers?.request), target.headers?.request)
  if (chosen.rewrite !== undefined) request = rewriteRequest(request, chosen.rewrite, match.spec)
  const cluster = clusterFor(proxy, target, incoming.port, dialled)
  mirror(proxy, chosen, incoming, request, dialled)
  const answer =
    cluster === undefined
      ? fromReply(NO_CLUSTER, { cluster: clusterName(proxy, target, incoming.port) })
      : await route(proxy, cluster, request, chosen, signal)
  const after = changeHeaders(answer.response.headers, target.headers?.response)
  const headers = changeHeaders(after, chosen.headers?.response)
  return { ...answer, response: { ...answer.response, headers }, routeName: match.routeName, request }
}

function delay(proxy: Proxy, limit: number): Promise<void> {
  return new Promise((resolve) => void proxy.clock.after(limit, resolve))
}

/** Everything between a request and its answer once the virtual host is known: match, CORS, fault, rewrite, weights, retries. */
export async function routeHttp(
  proxy: Proxy,
  routes: readonly HttpRoute[],
  incoming: Incoming,
  dialled: Endpoint | undefined,
  signal: AbortSignal,
): Promise<RoutedAnswer> {
  const found = findRoute(routes, incoming)
  const { request } = incoming
  if (found === undefined) return { ...fromReply(NO_ROUTE), routeName: '-', request }
  const { route: chosen, match } = found
  const shared = chosen.cors && cors(chosen.cors, request)
  const fault = chosen.fault && drawFault(proxy, chosen.fault)
  const delayed = fault !== undefined && fault.delayMilliseconds > 0
  if (delayed) await delay(proxy, fault.delayMilliseconds)
  const own = fault?.abort
    ? fromReply(fault.abort)
    : ownAnswer(chosen, request, shared?.preflight === true ? shared.headers : undefined)
  const answer: RoutedAnswer = own
    ? { ...own, routeName: match.routeName, request }
    : await forward(proxy, chosen, match, incoming, dialled, signal)
  const flags = delayed ? (answer.flags === '-' ? 'DI' : `DI,${answer.flags}`) : answer.flags
  const headers =
    shared && !shared.preflight ? [...answer.response.headers, ...shared.headers] : answer.response.headers
  return { ...answer, flags, response: { ...answer.response, headers } }
}
