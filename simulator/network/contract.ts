import type { Duplex } from 'node:stream'
import type { Api, CallOutcome, Clock, HttpRequest, KubeObject, Random } from '../kubernetes/index.ts'
import type { Fabric, Mesh, Workload } from '../mesh/contract.ts'
import type { CallOptions, HttpHandler, PodSockets } from '../programs/program.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'

export interface NetworkOptions {
  api: Api
  clock: Clock
  random: Random
  /** Absent: a cluster where no proxy does anything, whatever is injected. */
  mesh?: Mesh
  /** Answers pods that call the Service `kubernetes`. Absent: nothing listens there. */
  apiServer?: HttpHandler
}

/** A cluster's network: addresses, names, services, policies, and a request's way from pod to pod. */
export interface Network extends Disposable {
  readonly fabric: Fabric
  addPod(pod: KubeObject): PodNetwork
  /** One request from a caller that has (or is treated as if it had) a pod. */
  call(from: Workload, request: HttpRequest, options?: CallOptions & { bypassProxy?: boolean }): Promise<CallOutcome>
  /** The grader's requests. */
  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResult | ProbeRefusal>
  /** The control plane calls a Service: webhooks, aggregated APIs. Throws a `ServiceCallError` with the API server's words. */
  callService(service: ServiceReference, body: string, signal: AbortSignal): Promise<{ status: number; body: string }>
  /** One connection of bytes to a port of a pod, as port-forward makes it. Rejects when nothing listens. */
  connect(pod: { namespace: string; name: string }, port: number): Promise<Duplex>
  /** Serves a host name outside the cluster, which pods can then resolve and call. */
  addExternalHost(hostname: string, handler: HttpHandler): Disposable
}

/** The network namespace of one pod: its address, what listens in it, and its way out. Disposing it frees the address. */
export interface PodNetwork extends PodSockets, Disposable {
  listen(port: number, handler: HttpHandler): Disposable
  listenTcp(port: number, handler: (connection: Duplex) => void): Disposable
  /** One connection to a port inside the pod, as port-forward makes it. Rejects when nothing listens. */
  connect(port: number): Promise<Duplex>
  /** For the node: says whether the istio-proxy container runs, before the API knows it. */
  setProxyRunning(running: boolean): void
}

/** As `clientConfig.service` of a webhook, or `spec.service` of an APIService. */
export interface ServiceReference {
  namespace: string
  name: string
  /** Default 443. */
  port?: number
  path?: string
}
