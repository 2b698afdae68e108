import { aliases, covers, exportedTo, hostOf, qualify } from './hosts.ts'
import type { Proxy } from './proxy.ts'
import type { MeshService } from './registry.ts'
import { plainRoute, virtualServicesOf, type HttpRoute, type VirtualService } from './routes/index.ts'
import { isBlank, selects } from './selector.ts'
import type { SidecarSpec } from './specs.ts'

/** The routes that a request's Host leads to. */
export interface VirtualHost {
  routes: readonly HttpRoute[]
  /** Where they come from. */
  virtualService?: { name: string; namespace: string }
}

/** The Sidecar object of a workload: one that selects it, else its namespace's, else the root namespace's. */
export function sidecarOf(proxy: Proxy): SidecarSpec | undefined {
  const { sidecars, mesh } = proxy.configuration
  if (sidecars.length === 0) return undefined
  const specs = (namespace: string): SidecarSpec[] =>
    sidecars.filter((one) => one.metadata.namespace === namespace).map((one) => (one.spec ?? {}) as SidecarSpec)
  const own = specs(proxy.workload.namespace)
  const blank = (spec: SidecarSpec): boolean => isBlank(spec.workloadSelector?.labels)
  return (
    own.find((spec) => !blank(spec) && selects(spec.workloadSelector?.labels, proxy.workload.labels)) ??
    own.find(blank) ??
    specs(mesh.rootNamespace).find(blank)
  )
}

/** Whether this proxy is told of a host at all: exportTo, and `egress.hosts` of its Sidecar (`namespace/host`). */
export function isVisible(
  proxy: Proxy,
  service: { hostname: string; namespace: string; exportTo?: MeshService['exportTo'] },
) {
  const own = proxy.workload.namespace
  if (!exportedTo(service.exportTo, service.namespace, own)) return false
  const hosts = sidecarOf(proxy)?.egress?.flatMap((egress) => egress.hosts ?? [])
  if (hosts === undefined || hosts.length === 0) return true
  return hosts.some((entry) => {
    const [namespace = '', host = ''] = entry.split('/', 2)
    const fits =
      namespace === '*' || namespace === service.namespace || (namespace === '.' && service.namespace === own)
    return fits && covers(host, service.hostname)
  })
}

function serviceNamed(proxy: Proxy, host: string, port: number): MeshService | undefined {
  for (const service of proxy.registry.all) {
    if (service.port !== port || service.protocol === 'tcp' || service.protocol === 'tls') continue
    const named = aliases(service.hostname, proxy.workload.namespace).includes(host) || covers(service.hostname, host)
    if (named && isVisible(proxy, service)) return service
  }
  const byAddress = proxy.fabric.serviceAt(host, port)
  return byAddress && proxy.registry.at(byAddress.hostname, byAddress.port)
}

/** The oldest VirtualService that names this host; one that names it exactly comes before wildcards. */
function virtualServiceFor(proxy: Proxy, host: string): VirtualService | undefined {
  const mine = virtualServicesOf(proxy.configuration.virtualServices, 'mesh', proxy.workload.namespace)
  const withHttp = mine.filter((one) => one.http.length > 0)
  const exact = withHttp.find((one) => one.hosts.includes(host))
  return exact ?? withHttp.find((one) => one.hosts.some((pattern) => covers(pattern, host)))
}

/** The virtual host of one service port. */
export function hostOfService(proxy: Proxy, service: MeshService): VirtualHost {
  const virtualService = virtualServiceFor(proxy, service.hostname)
  if (virtualService === undefined) return { routes: [plainRoute(service.hostname, service.port)] }
  return { routes: virtualService.http, virtualService }
}

/**
 * The virtual host that a Host header names on an HTTP port; undefined: none, so the request is for the unknown. A VirtualService
 * for a host that is no service stands on port 80 alone. Source: pilot/pkg/networking/core/route/route.go
 * `buildSidecarVirtualHostsForVirtualService`.
 */
export function findVirtualHost(proxy: Proxy, authority: string, port: number): VirtualHost | undefined {
  const host = hostOf(authority)
  const service = serviceNamed(proxy, host, port)
  if (service !== undefined) return hostOfService(proxy, service)
  if (port !== 80) return undefined
  const virtualService = virtualServiceFor(proxy, qualify(host, proxy.workload.namespace))
  return virtualService && { routes: virtualService.http, virtualService }
}
