/** The fields of Istio's objects that a proxy acts on, in the form in which they are stored. */

export interface StringMatch {
  exact?: string
  prefix?: string
  regex?: string
}

export interface WorkloadSelector {
  matchLabels?: Record<string, string>
}

export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT'

export interface PeerAuthenticationSpec {
  selector?: WorkloadSelector
  mtls?: { mode?: MtlsMode }
  portLevelMtls?: Record<string, { mode?: MtlsMode }>
}

export interface Source {
  principals?: string[]
  notPrincipals?: string[]
  requestPrincipals?: string[]
  notRequestPrincipals?: string[]
  namespaces?: string[]
  notNamespaces?: string[]
  serviceAccounts?: string[]
  notServiceAccounts?: string[]
  ipBlocks?: string[]
  notIpBlocks?: string[]
  remoteIpBlocks?: string[]
  notRemoteIpBlocks?: string[]
}

export interface Operation {
  hosts?: string[]
  notHosts?: string[]
  ports?: string[]
  notPorts?: string[]
  methods?: string[]
  notMethods?: string[]
  paths?: string[]
  notPaths?: string[]
}

export interface AuthorizationRule {
  from?: { source?: Source }[]
  to?: { operation?: Operation }[]
  when?: { key: string; values?: string[]; notValues?: string[] }[]
}

export interface AuthorizationPolicySpec {
  selector?: WorkloadSelector
  targetRef?: unknown
  targetRefs?: unknown[]
  action?: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'
  provider?: { name?: string }
  rules?: AuthorizationRule[]
}

export interface JwtRule {
  issuer: string
  audiences?: string[]
  jwks?: string
  jwksUri?: string
  fromHeaders?: { name: string; prefix?: string }[]
  fromParams?: string[]
  forwardOriginalToken?: boolean
  outputPayloadToHeader?: string
}

export interface RequestAuthenticationSpec {
  selector?: WorkloadSelector
  jwtRules?: JwtRule[]
}

export interface HeaderOperations {
  set?: Record<string, string>
  add?: Record<string, string>
  remove?: string[]
}

export interface HeadersSpec {
  request?: HeaderOperations
  response?: HeaderOperations
}

export interface Destination {
  host: string
  subset?: string
  port?: { number?: number }
}

export interface HttpMatchRequest {
  name?: string
  uri?: StringMatch
  scheme?: StringMatch
  method?: StringMatch
  authority?: StringMatch
  headers?: Record<string, StringMatch>
  withoutHeaders?: Record<string, StringMatch>
  queryParams?: Record<string, StringMatch>
  ignoreUriCase?: boolean
  port?: number
  sourceLabels?: Record<string, string>
  sourceNamespace?: string
  gateways?: string[]
}

export interface Percentage {
  value?: number
}

export interface FaultSpec {
  delay?: { fixedDelay?: string; percentage?: Percentage; percent?: number }
  abort?: { httpStatus?: number; percentage?: Percentage }
}

export interface CorsPolicy {
  allowOrigins?: StringMatch[]
  allowOrigin?: string[]
  allowMethods?: string[]
  allowHeaders?: string[]
  exposeHeaders?: string[]
  maxAge?: string
  allowCredentials?: boolean
}

export interface RetriesSpec {
  attempts?: number
  perTryTimeout?: string
  retryOn?: string
  backoff?: string
}

export interface HttpRouteSpec {
  name?: string
  match?: HttpMatchRequest[]
  route?: { destination: Destination; weight?: number; headers?: HeadersSpec }[]
  redirect?: {
    uri?: string
    authority?: string
    port?: number
    derivePort?: string
    scheme?: string
    redirectCode?: number
  }
  directResponse?: { status: number; body?: { string?: string; bytes?: string } }
  delegate?: { name: string; namespace?: string }
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match?: string; rewrite?: string } }
  timeout?: string
  retries?: RetriesSpec
  fault?: FaultSpec
  mirror?: Destination
  mirrors?: { destination: Destination; percentage?: Percentage }[]
  mirrorPercentage?: Percentage
  mirrorPercent?: number
  corsPolicy?: CorsPolicy
  headers?: HeadersSpec
}

export interface L4RouteSpec {
  match?: {
    port?: number
    sniHosts?: string[]
    sourceLabels?: Record<string, string>
    sourceNamespace?: string
    gateways?: string[]
  }[]
  route?: { destination: Destination; weight?: number }[]
}

export interface VirtualServiceSpec {
  hosts?: string[]
  gateways?: string[]
  exportTo?: string[]
  http?: HttpRouteSpec[]
  tcp?: L4RouteSpec[]
  tls?: L4RouteSpec[]
}

export interface ConnectionPoolSettings {
  tcp?: { maxConnections?: number; connectTimeout?: string }
  http?: {
    http1MaxPendingRequests?: number
    http2MaxRequests?: number
    maxRequestsPerConnection?: number
    maxRetries?: number
  }
}

/** `consecutiveErrors` is still admitted, and ignored by the proxy; so it is not among these. */
export interface OutlierDetection {
  consecutive5xxErrors?: number
  consecutiveGatewayErrors?: number
  interval?: string
  baseEjectionTime?: string
  maxEjectionPercent?: number
  minHealthPercent?: number
}

export interface LoadBalancerSettings {
  simple?: string
  consistentHash?: {
    httpHeaderName?: string
    httpCookie?: { name: string; ttl?: string; path?: string }
    useSourceIp?: boolean
    httpQueryParameterName?: string
  }
}

export interface ClientTlsSettings {
  mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'
  sni?: string
  caCertificates?: string
  credentialName?: string
  insecureSkipVerify?: boolean
}

export interface PolicyFields {
  connectionPool?: ConnectionPoolSettings
  outlierDetection?: OutlierDetection
  loadBalancer?: LoadBalancerSettings
  tls?: ClientTlsSettings
}

export interface TrafficPolicy extends PolicyFields {
  portLevelSettings?: (PolicyFields & { port?: { number?: number } })[]
}

export interface Subset {
  name: string
  labels?: Record<string, string>
  trafficPolicy?: TrafficPolicy
}

export interface DestinationRuleSpec {
  host: string
  trafficPolicy?: TrafficPolicy
  subsets?: Subset[]
  exportTo?: string[]
  workloadSelector?: WorkloadSelector
}

export interface GatewayServer {
  port: { number: number; protocol: string; name?: string }
  hosts: string[]
  name?: string
  tls?: { mode?: string; httpsRedirect?: boolean; credentialName?: string }
}

export interface GatewaySpec {
  selector?: Record<string, string>
  servers?: GatewayServer[]
}

export interface ServiceEntrySpec {
  hosts?: string[]
  addresses?: string[]
  ports?: { number: number; name?: string; protocol?: string; targetPort?: number }[]
  location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL'
  resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN'
  endpoints?: { address?: string; ports?: Record<string, number>; labels?: Record<string, string> }[]
  exportTo?: string[]
}

export interface SidecarSpec {
  workloadSelector?: { labels?: Record<string, string> }
  egress?: { hosts?: string[] }[]
  outboundTrafficPolicy?: { mode?: string }
}
