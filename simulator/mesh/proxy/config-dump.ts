import { aliases } from './hosts.ts'
import type { Cluster } from './cluster.ts'
import { principalOf, type Proxy } from './proxy.ts'
import { findVirtualHost, hostOfService, isVisible, type VirtualHost } from './virtual-host.ts'
import type { MeshService } from './registry.ts'
import type { HttpRoute } from './routes/index.ts'

const type = (name: string): { '@type': string } => ({ '@type': `type.googleapis.com/${name}` })
const address = (ip: string, port: number) => ({ socket_address: { address: ip, port_value: port } })

function clustersDump(clusters: readonly Cluster[]): unknown {
  return {
    ...type('envoy.admin.v3.ClustersConfigDump'),
    dynamic_active_clusters: clusters.map(({ name, service, policy }) => ({
      cluster: {
        ...type('envoy.config.cluster.v3.Cluster'),
        name,
        type:
          service?.resolution === 'dns' ? 'STRICT_DNS' : service?.resolution === 'passthrough' ? 'ORIGINAL_DST' : 'EDS',
        ...(policy.outlierDetection && { outlier_detection: policy.outlierDetection }),
        ...(policy.connectionPool && { circuit_breakers: policy.connectionPool }),
      },
    })),
  }
}

function endpointsDump(clusters: readonly Cluster[]): unknown {
  return {
    ...type('envoy.admin.v3.EndpointsConfigDump'),
    dynamic_endpoint_configs: clusters.map(({ name, endpoints, state }) => ({
      endpoint_config: {
        ...type('envoy.config.endpoint.v3.ClusterLoadAssignment'),
        cluster_name: name,
        endpoints: [
          {
            lb_endpoints: endpoints.map(({ ip, port }) => ({
              endpoint: { address: address(ip, port) },
              health_status: state.outlier?.isEjected(`${ip}:${port}`) === true ? 'UNHEALTHY' : 'HEALTHY',
            })),
          },
        ],
      },
    })),
  }
}

interface VirtualHostDump {
  name: string
  domains: string[]
  routes: unknown[]
}

function routeDump(
  { matches, targets, redirect, directResponse }: HttpRoute,
  virtualService: VirtualHost['virtualService'],
): unknown[] {
  const from = virtualService && `namespaces/${virtualService.namespace}/virtual-service/${virtualService.name}`
  const metadata = from && { filter_metadata: { istio: { config: `/apis/networking.istio.io/v1/${from}` } } }
  const action = targets.map(({ host, subset, port, weight }) => ({
    name: `outbound|${port ?? ''}|${subset}|${host}`,
    weight,
  }))
  return matches.map(({ spec, routeName }) => ({
    name: routeName,
    match: spec?.uri?.exact ? { path: spec.uri.exact } : { prefix: spec?.uri?.prefix ?? '/' },
    ...(metadata && { metadata }),
    ...(redirect && { redirect }),
    ...(directResponse && { direct_response: directResponse }),
    ...(action.length === 1 && { route: { cluster: action[0]?.name } }),
    ...(action.length > 1 && { route: { weighted_clusters: { clusters: action } } }),
  }))
}

/** Source: pilot/pkg/networking/core/httproute.go `generateVirtualHostDomains`: also with the dot of an absolute name, and by address. */
function domainsOf({ hostname, addresses }: MeshService, { workload }: Proxy): string[] {
  const [full, ...shorter] = aliases(hostname, workload.namespace)
  const byLength = shorter.toSorted((a, b) => Number(a.includes('.')) - Number(b.includes('.')))
  return [full!, `${full}.`, ...byLength, ...addresses]
}

/** Routes by port number, as a sidecar's RDS has them; a sniffed port has a route of its own (`host:port`). */
function routesDump(proxy: Proxy, services: readonly MeshService[]): unknown {
  const configs = new Map<string, VirtualHostDump[]>()
  for (const service of services) {
    if (service.protocol === 'tcp' || service.protocol === 'tls') continue
    const name = service.protocol === 'http' ? String(service.port) : `${service.hostname}:${service.port}`
    const named = service.protocol === 'http' ? findVirtualHost(proxy, service.hostname, service.port) : undefined
    const host = named ?? hostOfService(proxy, service)
    const virtualHost = {
      name: `${service.hostname}:${service.port}`,
      domains: service.protocol === 'http' ? domainsOf(service, proxy) : ['*'],
      routes: host.routes.flatMap((route) => routeDump(route, host.virtualService)),
    }
    configs.set(name, [...(configs.get(name) ?? []), virtualHost])
  }
  const byName = (a: VirtualHostDump, b: VirtualHostDump) => (a.name < b.name ? -1 : 1)
  return {
    ...type('envoy.admin.v3.RoutesConfigDump'),
    dynamic_route_configs: [...configs].map(([name, hosts]) => ({
      route_config: {
        ...type('envoy.config.route.v3.RouteConfiguration'),
        name,
        virtual_hosts: hosts.toSorted(byName),
      },
    })),
  }
}

function listenersDump(proxy: Proxy, services: readonly MeshService[]): unknown {
  const listener = (ip: string, port: number, direction: string) => ({
    name: `${ip}_${port}`,
    active_state: {
      listener: {
        ...type('envoy.config.listener.v3.Listener'),
        name: `${ip}_${port}`,
        address: address(ip, port),
        traffic_direction: direction,
      },
    },
  })
  const http = new Set(services.filter(({ protocol }) => protocol === 'http').map(({ port }) => port))
  return {
    ...type('envoy.admin.v3.ListenersConfigDump'),
    dynamic_listeners: [
      listener('0.0.0.0', 15_001, 'OUTBOUND'),
      listener('0.0.0.0', 15_006, 'INBOUND'),
      ...[...http].toSorted((a, b) => a - b).map((port) => listener('0.0.0.0', port, 'OUTBOUND')),
    ],
  }
}

function secretsDump(proxy: Proxy): unknown {
  return {
    ...type('envoy.admin.v3.SecretsConfigDump'),
    dynamic_active_secrets: ['default', 'ROOTCA'].map((name) => ({
      name,
      last_updated: new Date(proxy.clock.now()).toISOString(),
      secret: { ...type('envoy.extensions.transport_sockets.tls.v3.Secret'), name },
    })),
  }
}

/** A proxy's configuration in the form of Envoy's `/config_dump`, as far as `proxy-config` tables are made of it. */
export function configDump(proxy: Proxy, clusters: readonly Cluster[], options: { endpoints: boolean }): unknown {
  const services = proxy.registry.all.filter((service) => isVisible(proxy, service))
  const { ip, pod, namespace } = proxy.workload
  const id = `sidecar~${ip}~${pod.metadata.name}.${namespace}~${namespace}.svc.cluster.local`
  return {
    configs: [
      {
        ...type('envoy.admin.v3.BootstrapConfigDump'),
        bootstrap: { node: { id, metadata: { ISTIO_VERSION: '1.31.0', PRINCIPAL: principalOf(proxy.workload) } } },
      },
      clustersDump(clusters),
      ...(options.endpoints ? [endpointsDump(clusters)] : []),
      listenersDump(proxy, services),
      routesDump(proxy, services),
      secretsDump(proxy),
    ],
  }
}
