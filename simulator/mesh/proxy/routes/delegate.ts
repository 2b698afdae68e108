import type { KubeObject } from '../../../kubernetes/index.ts'
import { exportedTo, qualify } from '../hosts.ts'
import type { Destination, HttpMatchRequest, HttpRouteSpec, StringMatch, VirtualServiceSpec } from '../specs.ts'

/** A root's `match` narrowed by the delegate's; undefined when the two cannot both be meant. */
function mergeString(
  root: StringMatch | undefined,
  own: StringMatch | undefined,
): StringMatch | undefined | 'conflict' {
  if (root === undefined) return own
  if (own === undefined) return root
  const { prefix } = root
  if (prefix !== undefined && own.regex === undefined) {
    return (own.exact ?? own.prefix ?? '').startsWith(prefix) ? own : 'conflict'
  }
  return JSON.stringify(root) === JSON.stringify(own) ? own : 'conflict'
}

type Maps = 'headers' | 'withoutHeaders' | 'queryParams' | 'sourceLabels'
const MAPS: readonly Maps[] = ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels']
const STRINGS = ['uri', 'scheme', 'method', 'authority'] as const

function mergeMatch(root: HttpMatchRequest, own: HttpMatchRequest): HttpMatchRequest | undefined {
  const merged: HttpMatchRequest = { ...root, ...own }
  for (const field of STRINGS) {
    const value = mergeString(root[field], own[field])
    if (value === 'conflict') return undefined
    if (value !== undefined) merged[field] = value
  }
  for (const field of MAPS) {
    const [a, b] = [root[field] ?? {}, own[field] ?? {}]
    const clash = Object.keys(a).some((key) => key in b && JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    if (clash) return undefined
    if (root[field] !== undefined || own[field] !== undefined) Object.assign(merged, { [field]: { ...a, ...b } })
  }
  if (root.port !== undefined && own.port !== undefined && root.port !== own.port) return undefined
  return merged
}

const resolved = (destination: Destination, namespace: string): Destination => ({
  ...destination,
  host: qualify(destination.host, namespace),
})

/** The delegate's destinations are named from the delegate's namespace. */
function atHome(route: HttpRouteSpec, namespace: string): HttpRouteSpec {
  return {
    ...route,
    ...(route.route && {
      route: route.route.map((entry) => ({ ...entry, destination: resolved(entry.destination, namespace) })),
    }),
    ...(route.mirror && { mirror: resolved(route.mirror, namespace) }),
  }
}

/** What the delegate leaves open is the root's. Source: pilot/pkg/model/virtualservice.go `mergeHTTPRoute`. */
function mergeRoute(root: HttpRouteSpec, own: HttpRouteSpec): HttpRouteSpec | undefined {
  const { delegate: _, match: rootMatches = [], ...open } = root
  const ownMatches = own.match ?? []
  let match = rootMatches.length > 0 ? rootMatches : ownMatches
  if (rootMatches.length > 0 && ownMatches.length > 0) {
    match = rootMatches.flatMap((a) => ownMatches.flatMap((b) => mergeMatch(a, b) ?? []))
    if (match.length === 0) return undefined
  }
  return { ...open, ...own, match }
}

/** Routes with their delegates put in their place; a delegate that is missing or not exported here is left out alone. */
export function withDelegates(
  root: KubeObject,
  find: (namespace: string, name: string) => KubeObject | undefined,
): HttpRouteSpec[] {
  const namespace = root.metadata.namespace ?? ''
  const routes = ((root.spec ?? {}) as VirtualServiceSpec).http ?? []
  return routes.flatMap((route) => {
    if (route.delegate === undefined) return [route]
    const home = route.delegate.namespace ?? namespace
    const delegate = find(home, route.delegate.name)
    if (delegate === undefined) return []
    const spec = (delegate.spec ?? {}) as VirtualServiceSpec
    if ((spec.hosts ?? []).length > 0 || !exportedTo(spec.exportTo, home, namespace)) return []
    return (spec.http ?? []).flatMap((own) => mergeRoute(route, atHome(own, home)) ?? [])
  })
}
