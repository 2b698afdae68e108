/** Envoy's config dump, as far as the tables of proxy-config need it. */
export interface ConfigDump {
  configs?: DumpSection[]
}

export interface DumpSection {
  '@type'?: string
  dynamic_active_clusters?: { cluster?: EnvoyCluster }[]
  static_clusters?: { cluster?: EnvoyCluster }[]
  dynamic_listeners?: { active_state?: { listener?: EnvoyListener } }[]
  static_listeners?: { listener?: EnvoyListener }[]
  dynamic_route_configs?: { route_config?: RouteConfiguration }[]
  static_route_configs?: { route_config?: RouteConfiguration }[]
  dynamic_endpoint_configs?: { endpoint_config?: LoadAssignment }[]
  dynamic_active_secrets?: EnvoySecret[]
  bootstrap?: unknown
  [field: string]: unknown
}

export interface EnvoyCluster {
  name?: string
  type?: string
}

export interface SocketAddress {
  socket_address?: { address?: string; port_value?: number }
}

export interface EnvoyListener {
  name?: string
  address?: SocketAddress
  traffic_direction?: string
  filter_chains?: unknown[]
}

export interface RouteConfiguration {
  name?: string
  virtual_hosts?: VirtualHost[]
}

export interface VirtualHost {
  name?: string
  domains?: string[]
  routes?: EnvoyRoute[]
}

export interface EnvoyRoute {
  name?: string
  match?: { prefix?: string; path?: string; safe_regex?: { regex?: string }; headers?: unknown[] }
  metadata?: { filter_metadata?: { istio?: { config?: string } } }
  route?: { cluster?: string; weighted_clusters?: { clusters?: { name?: string; weight?: number }[] } }
  redirect?: unknown
  direct_response?: unknown
}

export interface LoadAssignment {
  cluster_name?: string
  endpoints?: { lb_endpoints?: { endpoint?: { address?: SocketAddress }; health_status?: string }[] }[]
}

export interface EnvoySecret {
  name?: string
  last_updated?: string
  secret?: {
    tls_certificate?: { certificate_chain?: { inline_bytes?: string } }
    validation_context?: { trusted_ca?: { inline_bytes?: string } }
  }
}

/** The sections of one kind (`ClustersConfigDump`). */
export function sections(dump: ConfigDump, kind: string): DumpSection[] {
  return (dump.configs ?? []).filter((section) => section['@type']?.endsWith(`.${kind}`) === true)
}

/** `outbound|9080|v1|reviews.default.svc.cluster.local` in its parts; undefined for names of another kind. */
export function clusterParts(
  name: string,
): { direction: string; port: string; subset: string; host: string } | undefined {
  const [direction, port, subset, host] = name.split('|')
  if (direction === undefined || port === undefined || subset === undefined || host === undefined) return undefined
  return { direction, port, subset, host }
}
