import type { HttpRequest } from '../../kubernetes/index.ts'
import { covers, hostOf, qualify } from './hosts.ts'
import type { Proxy } from './proxy.ts'
import type { MeshService } from './registry.ts'
import { virtualServicesOf, type Target } from './routes/index.ts'
import { selects } from './selector.ts'
import type { L4RouteSpec } from './specs.ts'

/** Of weighted L4 destinations one, drawn anew for each connection. */
function draw(proxy: Proxy, route: L4RouteSpec, namespace: string): Target | undefined {
  const entries = route.route ?? []
  const weights = entries.map(({ weight }) => (entries.length === 1 ? 1 : (weight ?? 0)))
  let ticket = proxy.random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  const entry = entries.find((_, index) => (ticket -= weights[index] ?? 0) < 0)
  if (entry === undefined) return undefined
  const { host, subset = '', port } = entry.destination
  return { host: qualify(host, namespace), subset, port: port?.number }
}

/** Where a connection to this port goes by the `tls` (by SNI) and `tcp` routes of the host's VirtualService; undefined: to the service itself. */
export function tcpTarget(proxy: Proxy, service: MeshService, request: HttpRequest): Target | undefined {
  const { workload, configuration } = proxy
  const mine = virtualServicesOf(configuration.virtualServices, 'mesh', workload.namespace)
  const found = mine.find((one) => one.hosts.some((host) => covers(host, service.hostname)))
  if (found === undefined) return undefined
  const fits = (route: L4RouteSpec, sni: string | undefined): boolean => {
    const matches = route.match ?? []
    if (matches.length === 0) return sni === undefined
    return matches.some(
      (match) =>
        (match.port === undefined || match.port === service.port) &&
        (sni === undefined || (match.sniHosts ?? []).some((host) => covers(host, sni))) &&
        selects(match.sourceLabels, workload.labels) &&
        (match.sourceNamespace === undefined || match.sourceNamespace === workload.namespace),
    )
  }
  const sni = request.scheme === 'https' ? hostOf(request.authority) : undefined
  const route =
    (sni === undefined ? undefined : found.tls.find((one) => fits(one, sni))) ??
    found.tcp.find((one) => fits(one, undefined))
  return route && draw(proxy, route, found.namespace)
}
