import { header } from '../../../kubernetes/index.ts'
import { hostOf } from '../hosts.ts'
import { selects } from '../selector.ts'
import type { HttpMatchRequest, StringMatch } from '../specs.ts'
import { isPresence, stringMatcher } from '../string-match.ts'
import type { Incoming } from './incoming.ts'

export type Condition = (incoming: Incoming) => boolean

/** Path, method, scheme and authority may also be matched by the names that HTTP/2 gives them. */
function read(incoming: Incoming, name: string): string | undefined {
  switch (name) {
    case ':path':
    case 'uri':
      return incoming.request.path
    case ':method':
    case 'method':
      return incoming.request.method
    case ':scheme':
    case 'scheme':
      return incoming.request.scheme
    case ':authority':
    case 'authority':
    case 'host':
      return incoming.request.authority
    default:
      return header(incoming.request.headers, name)
  }
}

function headerCondition(name: string, match: StringMatch | null, negated: boolean): Condition {
  const lower = name.toLowerCase()
  if (isPresence(match)) return (incoming) => (read(incoming, lower) !== undefined) !== negated
  const matches = stringMatcher(match)
  if (!negated) {
    return (incoming) => {
      const value = read(incoming, lower)
      return value !== undefined && matches(value)
    }
  }
  // A header that is missing is treated as empty. Source: route.go `translateHeaderMatch`, treat_missing_header_as_empty.
  return (incoming) => !matches(read(incoming, lower) ?? '')
}

function queryCondition(name: string, match: StringMatch | null): Condition {
  if (isPresence(match)) return ({ query }) => query.has(name)
  const matches = stringMatcher(match)
  return ({ query }) => query.has(name) && matches(query.get(name) ?? '')
}

/** Gateways of a match or of the VirtualService: `mesh`, `name` (own namespace) or `namespace/name`. */
export function gatewayNames(gateways: readonly string[] | undefined, namespace: string): string[] | undefined {
  if (gateways === undefined || gateways.length === 0) return undefined
  return gateways.map((name) => (name === 'mesh' || name.includes('/') ? name : `${namespace}/${name}`))
}

/** All fields of one `match` entry AND. Source: pilot/pkg/networking/core/route/route.go `TranslateRouteMatch`. */
export function compileMatch(match: HttpMatchRequest, namespace: string): Condition {
  const conditions: Condition[] = []
  if (match.uri !== undefined) {
    const matches = stringMatcher(match.uri, match.ignoreUriCase)
    conditions.push((incoming) => matches(incoming.path))
  }
  if (match.method !== undefined) {
    const matches = stringMatcher(match.method)
    conditions.push(({ request }) => matches(request.method))
  }
  if (match.scheme !== undefined) {
    const matches = stringMatcher(match.scheme)
    conditions.push(({ request }) => matches(request.scheme))
  }
  if (match.authority !== undefined) {
    const matches = stringMatcher(match.authority)
    conditions.push(({ request }) => matches(request.authority) || matches(hostOf(request.authority)))
  }
  for (const [name, value] of Object.entries(match.headers ?? {})) conditions.push(headerCondition(name, value, false))
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    conditions.push(headerCondition(name, value, true))
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) conditions.push(queryCondition(name, value))
  if (match.port !== undefined) conditions.push(({ port }) => port === match.port)
  const { sourceLabels, sourceNamespace } = match
  if (sourceLabels !== undefined) conditions.push(({ proxy }) => selects(sourceLabels, proxy.labels))
  if (sourceNamespace !== undefined && sourceNamespace !== '') {
    conditions.push(({ proxy }) => proxy.namespace === sourceNamespace)
  }
  const gateways = gatewayNames(match.gateways, namespace)
  if (gateways !== undefined) conditions.push(({ gateway }) => gateways.includes(gateway))
  return (incoming) => conditions.every((holds) => holds(incoming))
}
