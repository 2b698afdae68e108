import type { CallOutcome, HttpRequest, KubeObject } from '../kubernetes/index.ts'

/**
 * The seam between the network and the mesh: what a sidecar is handed for each request that enters or leaves its pod,
 * and what it may ask of the network. The network decides reachability; the mesh decides everything that a proxy would.
 */

/** A caller or callee: a real pod, or a grader's caller that has no object in the API but is treated as one. */
export interface Workload {
  pod: KubeObject
  ip: string
  /** True when an istio-proxy container of the pod runs: its traffic passes through the mesh. */
  sidecar: boolean
  namespace: string
  serviceAccount: string
  labels: Readonly<Record<string, string>>
}

/** What the server side knows of a connection before any HTTP is read. */
export interface Connection {
  sourceIp: string
  /** `mutual`: Istio mTLS with `principal`; `tls`: some other TLS; `none`: plaintext. */
  tls: 'none' | 'tls' | 'mutual'
  /** `cluster.local/ns/NS/sa/SA`, without `spiffe://`. */
  principal?: string
  /** SNI of the caller, if any. */
  serverName?: string
}

export interface Endpoint {
  ip: string
  port: number
  /** Absent for an address outside the cluster. */
  workload?: Workload
}

/** A service port as the mesh needs to know it. */
export interface ServicePort {
  service: KubeObject
  /** Fully qualified: `reviews.default.svc.cluster.local`. */
  hostname: string
  port: number
  name: string
  appProtocol?: string
  targetPort: number | string
  endpoints: readonly Endpoint[]
}

export interface Fabric {
  /** A's cluster DNS: addresses of a name as this workload resolves it; undefined when there is no such name. */
  resolve(from: Workload, name: string): readonly string[] | undefined
  /** All services of the cluster, with their ready endpoints now. */
  services(): readonly ServicePort[]
  /** The service port that a virtual address belongs to. */
  serviceAt(ip: string, port: number): ServicePort | undefined
  workloadAt(ip: string): Workload | undefined
  /** Opens a connection to an address and sends one request on it: passes the other side's sidecar (if any), then its program. */
  deliver(
    to: { ip: string; port: number },
    connection: Connection,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<CallOutcome>
}

export interface OutboundCall {
  from: Workload
  /** Address that the caller dialled, after DNS (a service's virtual address, a pod's, or one outside). */
  ip: string
  port: number
  request: HttpRequest
  signal: AbortSignal
}

export interface InboundCall {
  to: Workload
  /** Container port that is dialled. */
  port: number
  connection: Connection
  request: HttpRequest
  signal: AbortSignal
}

export interface Mesh {
  /** A request that leaves a pod with a sidecar. */
  outbound(call: OutboundCall, fabric: Fabric): Promise<CallOutcome>
  /** A request that arrives at a pod with a sidecar; `serve` hands it to the program. */
  inbound(
    call: InboundCall,
    fabric: Fabric,
    serve: (request: HttpRequest) => Promise<CallOutcome>,
  ): Promise<CallOutcome>
  /** A request that a gateway pod received: what its Gateway and VirtualService objects make of it. */
  gateway(call: InboundCall, fabric: Fabric): Promise<CallOutcome>
  /** Access log lines of a proxy go to its container's log. */
  onAccessLog(listener: (workload: Workload, line: string) => void): Disposable
}
