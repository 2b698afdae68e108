import type { KubeObject } from '../../../kubernetes/index.ts'
import { exportedTo, qualify } from '../hosts.ts'
import { oldestFirst } from '../selector.ts'
import type { L4RouteSpec, VirtualServiceSpec } from '../specs.ts'
import { withDelegates } from './delegate.ts'
import type { Incoming } from './incoming.ts'
import { gatewayNames } from './match.ts'
import { compileRoute, type CompiledMatch, type HttpRoute } from './route.ts'

export interface VirtualService {
  name: string
  namespace: string
  /** Resolved. */
  hosts: readonly string[]
  /** `mesh` or `namespace/name`. */
  gateways: readonly string[]
  exportTo: readonly string[] | undefined
  http: readonly HttpRoute[]
  tcp: readonly L4RouteSpec[]
  tls: readonly L4RouteSpec[]
}

function compile(
  object: KubeObject,
  find: (namespace: string, name: string) => KubeObject | undefined,
): VirtualService {
  const spec = (object.spec ?? {}) as VirtualServiceSpec
  const namespace = object.metadata.namespace ?? ''
  return {
    name: object.metadata.name,
    namespace,
    hosts: (spec.hosts ?? []).map((host) => qualify(host.toLowerCase(), namespace)),
    gateways: gatewayNames(spec.gateways, namespace) ?? ['mesh'],
    exportTo: spec.exportTo,
    http: withDelegates(object, find).map((route) => compileRoute(route, namespace)),
    tcp: spec.tcp ?? [],
    tls: spec.tls ?? [],
  }
}

/** Oldest first; those without hosts are delegates and stand only inside others. */
export function compileVirtualServices(objects: readonly KubeObject[]): VirtualService[] {
  const byKey = new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]))
  const roots = objects.filter((object) => (((object.spec ?? {}) as VirtualServiceSpec).hosts ?? []).length > 0)
  return roots
    .toSorted(oldestFirst)
    .map((object) => compile(object, (namespace, name) => byKey.get(`${namespace}/${name}`)))
}

/** Those that a gateway (or `mesh`) in this namespace takes, own namespace first, then oldest first. */
export function virtualServicesOf(
  all: readonly VirtualService[],
  gateway: string,
  namespace: string,
): VirtualService[] {
  const mine = all.filter((one) => one.gateways.includes(gateway) && exportedTo(one.exportTo, one.namespace, namespace))
  const isPrivate = (one: VirtualService): boolean => one.exportTo?.length === 1 && one.exportTo[0] === '.'
  return [...mine.filter(isPrivate), ...mine.filter((one) => !isPrivate(one))]
}

/** The first route whose match holds, and which of its matches did. */
export function findRoute(
  routes: readonly HttpRoute[],
  incoming: Incoming,
): { route: HttpRoute; match: CompiledMatch } | undefined {
  for (const route of routes) {
    for (const match of route.matches) if (match.holds(incoming)) return { route, match }
  }
  return undefined
}
