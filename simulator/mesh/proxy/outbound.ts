import { header, type CallOutcome, type Headers, type HttpRequest } from '../../kubernetes/index.ts'
import type { Endpoint, OutboundCall } from '../contract.ts'
import { clusterFor, endpointAt, passthroughCluster, type Cluster } from './cluster.ts'
import { routeHttp, type RoutedAnswer } from './http-route.ts'
import { covers, hostOf } from './hosts.ts'
import { BLOCKED } from './local-reply.ts'
import type { Proxy } from './proxy.ts'
import type { MeshService } from './registry.ts'
import type { Reporter } from './report.ts'
import { fromReply, route, type Answer } from './router.ts'
import { DEFAULT_RETRIES, incoming, plainRoute, type HttpRoute } from './routes/index.ts'
import { tcpTarget } from './tcp-route.ts'
import { attempt, type Attempt } from './upstream.ts'
import { findVirtualHost, hostOfService, isVisible, sidecarOf } from './virtual-host.ts'

const NO_RETRIES = { retries: { ...DEFAULT_RETRIES, attempts: 0 }, timeoutMilliseconds: undefined }

function registryOnly(proxy: Proxy): boolean {
  const mode = sidecarOf(proxy)?.outboundTrafficPolicy?.mode ?? proxy.configuration.mesh.outboundTrafficPolicy
  return mode === 'REGISTRY_ONLY'
}

/** The service port that was dialled: by its virtual address, or by an address that a ServiceEntry lists. */
function dialledService(proxy: Proxy, call: OutboundCall): MeshService | undefined {
  const at = proxy.fabric.serviceAt(call.ip, call.port)
  const found = at ? proxy.registry.at(at.hostname, at.port) : proxy.registry.byAddress(call.ip, call.port)
  return found !== undefined && isVisible(proxy, found) ? found : undefined
}

const UPSTREAM_TIME = 'x-envoy-upstream-service-time'

/** Request headers that every Envoy adds on the way out. */
export function withProxyHeaders(proxy: Proxy, request: HttpRequest): HttpRequest {
  const headers: Headers = request.headers.filter(([name]) => name !== 'x-forwarded-client-cert')
  if (header(headers, 'x-forwarded-proto') === undefined) headers.push(['x-forwarded-proto', request.scheme])
  if (header(headers, 'x-request-id') === undefined) headers.push(['x-request-id', proxy.random.uuid()])
  return { ...request, headers }
}

/**
 * Answer headers as the client's proxy hands them on. `server: envoy` in a sidecar, `istio-envoy` at a gateway and at servers. What is
 * there already is overwritten where it stands.
 */
export function answerHeaders(proxy: Proxy, answer: Answer, server: string): Headers {
  const { serviceMilliseconds } = answer
  const dropped = ['x-envoy-decorator-operation', ...(serviceMilliseconds === undefined ? [UPSTREAM_TIME] : [])]
  const headers: Headers = answer.response.headers.filter(([name]) => !dropped.includes(name))
  const set = (name: string, value: string): void => {
    const index = headers.findIndex(([each]) => each === name)
    headers.splice(index < 0 ? headers.length : index, index < 0 ? 0 : 1, [name, value])
  }
  if (header(headers, 'date') === undefined) set('date', new Date(proxy.clock.now()).toUTCString())
  if (serviceMilliseconds !== undefined) set(UPSTREAM_TIME, String(Math.round(serviceMilliseconds)))
  set('server', server)
  return headers
}

/** HTTP: the Host names the service on a port that is known to speak HTTP; on a sniffed port the address does. */
async function outboundHttp(proxy: Proxy, call: OutboundCall, service: MeshService | undefined): Promise<RoutedAnswer> {
  const request = withProxyHeaders(proxy, call.request)
  const host =
    service?.protocol === 'auto' ? hostOfService(proxy, service) : findVirtualHost(proxy, request.authority, call.port)
  if (host !== undefined) {
    const dialled: Endpoint = endpointAt(proxy, call.ip, call.port)
    const seen = incoming(request, call.port, 'mesh', proxy.workload)
    return routeHttp(proxy, host.routes, seen, dialled, call.signal)
  }
  if (registryOnly(proxy)) return { ...fromReply(BLOCKED), routeName: 'block_all', request }
  const cluster = passthroughCluster(proxy, call.ip, call.port)
  const answer = await route(proxy, cluster, request, NO_RETRIES, call.signal)
  return { ...answer, routeName: 'allow_any', request }
}

/** For bytes: the cluster of the address (or, for TLS, of the name asked for), if the proxy lets them out at all. */
function outboundTcpCluster(proxy: Proxy, call: OutboundCall, service: MeshService | undefined): Cluster | undefined {
  const name = hostOf(call.request.authority)
  const byName =
    call.request.scheme === 'https'
      ? proxy.registry.all.find(
          (one) =>
            one.port === call.port && one.protocol === 'tls' && covers(one.hostname, name) && isVisible(proxy, one),
        )
      : undefined
  const known = service ?? byName
  if (known === undefined) return registryOnly(proxy) ? undefined : passthroughCluster(proxy, call.ip, call.port)
  const target = tcpTarget(proxy, known, call.request) ?? plainTarget(known)
  return clusterFor(proxy, target, call.port, endpointAt(proxy, call.ip, call.port))
}

const plainTarget = (service: MeshService): HttpRoute['targets'][number] =>
  plainRoute(service.hostname, service.port).targets[0] as HttpRoute['targets'][number]

/** What a client sees of a TCP connection whose other end could not be reached (it is cut off) or hung up (it ends too). */
function tcpFailure(call: OutboundCall, result: Attempt | undefined): CallOutcome {
  if (call.request.scheme === 'https') {
    const message = `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${call.request.authority}`
    return { ok: false, failure: { kind: 'tls', message }, milliseconds: 0 }
  }
  const hungUp = result?.kind === 'reset' && result.reason === 'connection termination' && result.wasReset !== true
  const failure = hungUp ? HUNG_UP : CUT_OFF
  return { ok: false, failure, milliseconds: 0 }
}

const HUNG_UP = { kind: 'empty' as const, message: 'Empty reply from server' }
const CUT_OFF = { kind: 'reset' as const, message: 'Recv failure: Connection reset by peer' }

function tcpFlags(result: Attempt | undefined): string {
  switch (result?.kind) {
    case 'response':
    case 'caller-left':
      return '-'
    case 'no-healthy-upstream':
    case undefined:
      return 'UH'
    default:
      return 'UF'
  }
}

async function outboundTcp(proxy: Proxy, call: OutboundCall, service: MeshService | undefined, reporter: Reporter) {
  const cluster = outboundTcpCluster(proxy, call, service)
  const result: Attempt | undefined =
    cluster && (await attempt(proxy, cluster, call.request, { signal: call.signal, caller: call.signal }, new Set()))
  const answered = result?.kind === 'response' ? result.response : undefined
  reporter.tcp({
    flags: tcpFlags(result),
    cluster: cluster?.name ?? 'BlackHoleCluster',
    endpoint: result?.endpoint,
    connection: result?.connection,
    response: answered,
    local: `${call.ip}:${call.port}`,
    transportFailure: result?.kind === 'reset' ? result.transportFailure : undefined,
  })
  if (answered === undefined) return tcpFailure(call, result)
  return { ok: true as const, response: answered, milliseconds: reporter.elapsed() }
}

/** A request that leaves a pod through its sidecar. Source: pilot/pkg/networking/core/listener.go, httproute.go. */
export async function outbound(proxy: Proxy, call: OutboundCall, reporter: Reporter): Promise<CallOutcome> {
  const service = dialledService(proxy, call)
  const bytes = call.request.scheme === 'https' || service?.protocol === 'tcp' || service?.protocol === 'tls'
  const unknown = service === undefined && !proxy.registry.hasHttpPort(call.port)
  if (bytes || unknown) {
    // On a port that no service speaks HTTP on, the catch-all listener passes or cuts bytes without looking at Host.
    return outboundTcp(proxy, call, service, reporter)
  }
  const answer = await outboundHttp(proxy, call, service)
  reporter.http(answer, { local: `${call.ip}:${call.port}` })
  if (call.signal.aborted) return { ok: false, failure: timedOut, milliseconds: reporter.elapsed() }
  const response = { ...answer.response, headers: answerHeaders(proxy, answer, 'envoy') }
  return { ok: true, response, milliseconds: reporter.elapsed() }
}

const timedOut = { kind: 'timeout' as const, message: 'Operation timed out' }
