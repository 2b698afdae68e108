import type { CallOutcome, ConnectionFailure, Headers, HttpRequest, KubeObject } from '../../kubernetes/index.ts'
import { header } from '../../kubernetes/index.ts'
import type { InboundCall } from '../contract.ts'
import { routeHttp, type RoutedAnswer } from './http-route.ts'
import { covers, hostOf, overlap, specificity } from './hosts.ts'
import { addressesOf, refuseRequest } from './inbound.ts'
import { localReply, NO_ROUTE } from './local-reply.ts'
import { answerHeaders, withProxyHeaders } from './outbound.ts'
import type { Proxy } from './proxy.ts'
import type { Reporter } from './report.ts'
import { fromReply } from './router.ts'
import { incoming, redirectLocation, virtualServicesOf, type HttpRoute } from './routes/index.ts'
import { selects } from './selector.ts'
import type { ServerPolicy } from './server-policy.ts'
import type { GatewayServer, GatewaySpec } from './specs.ts'

interface Bound {
  gateway: KubeObject
  server: GatewayServer
}

/** Servers that listen on this container port of the gateway pod: by the number itself, or through the Service's targetPort. */
function serversAt(proxy: Proxy, port: number): Bound[] {
  const numbers = new Set([port])
  for (const service of proxy.registry.all) {
    if (service.endpoints.some(({ ip, port: target }) => ip === proxy.workload.ip && target === port)) {
      numbers.add(service.port)
    }
  }
  return proxy.configuration.gateways.flatMap((gateway) => {
    const { selector, servers = [] } = (gateway.spec ?? {}) as GatewaySpec
    if (!selects(selector, proxy.workload.labels)) return []
    return servers.filter((server) => numbers.has(server.port.number)).map((server) => ({ gateway, server }))
  })
}

/** Hosts of a server are `host` or `namespace/host` (whose VirtualServices may bind: `.` its own, `*` any). */
function serverHosts({ gateway, server }: Bound, namespace: string): string[] {
  return server.hosts.flatMap((entry) => {
    const [home, host] = entry.includes('/') ? entry.split('/', 2) : ['*', entry]
    const own = home === '.' && namespace === gateway.metadata.namespace
    return home === '*' || own || home === namespace ? [(host ?? '').toLowerCase()] : []
  })
}

/** Routes of all VirtualServices that are bound to a server and name this host: of the most specific host, oldest first, joined. */
function routesFor(
  proxy: Proxy,
  bound: readonly Bound[],
  host: string,
): { gateway: string; routes: HttpRoute[] } | undefined {
  const found: { gateway: string; pattern: string; routes: readonly HttpRoute[] }[] = []
  for (const one of bound) {
    const { name, namespace } = one.gateway.metadata
    const gateway = `${namespace}/${name}`
    for (const service of virtualServicesOf(proxy.configuration.virtualServices, gateway, proxy.workload.namespace)) {
      const allowed = serverHosts(one, service.namespace)
      for (const pattern of service.hosts) {
        const bindable = allowed.filter((own) => overlap(own, pattern))
        const named = covers(pattern, host) && bindable.some((own) => covers(own, host))
        if (named) found.push({ gateway, pattern, routes: service.http })
      }
    }
  }
  const best = found.toSorted((a, b) => specificity(b.pattern) - specificity(a.pattern))[0]
  if (best === undefined) return undefined
  const routes = found.filter(({ pattern }) => pattern === best.pattern).flatMap((one) => one.routes)
  return { gateway: best.gateway, routes: [...new Set(routes)] }
}

const isTls = (server: GatewayServer): boolean => ['HTTPS', 'TLS'].includes(server.port.protocol.toUpperCase())

/** The certificate must lie in the gateway's own namespace; without it the handshake fails. */
function hasCertificate(secrets: (namespace: string, name: string) => boolean, proxy: Proxy, server: GatewayServer) {
  const name = server.tls?.credentialName
  return name === undefined || secrets(proxy.workload.namespace, name)
}

function refuse(call: InboundCall, servers: readonly Bound[], certified: (server: GatewayServer) => boolean) {
  const failure = (kind: ConnectionFailure['kind'], message: string): ConnectionFailure => ({ kind, message })
  if (servers.length === 0) return failure('refused', 'Connection refused')
  const tls = servers.filter(({ server }) => isTls(server))
  const speaksTls = call.connection.tls !== 'none'
  if (tls.length === 0) return speaksTls ? failure('tls', 'wrong version number') : undefined
  if (!speaksTls) return failure('reset', 'Recv failure: Connection reset by peer')
  const name = call.connection.serverName ?? hostOf(call.request.authority)
  const named = tls.filter(({ server }) => server.hosts.some((host) => covers(host.split('/').at(-1) ?? '', name)))
  if (!named.some(({ server }) => certified(server))) return failure('tls', 'SSL_ERROR_SYSCALL')
  return undefined
}

/** The client's address is appended to X-Forwarded-For: a gateway is the edge. Source: gateway.go, use_remote_address. */
function withForwardedFor(request: HttpRequest, sourceIp: string): HttpRequest {
  const before = header(request.headers, 'x-forwarded-for')
  const headers: Headers = request.headers.filter(([name]) => name !== 'x-forwarded-for')
  headers.push(['x-forwarded-for', before === undefined ? sourceIp : `${before},${sourceIp}`])
  return { ...request, headers }
}

async function answer(
  proxy: Proxy,
  policy: ServerPolicy,
  call: InboundCall,
  servers: readonly Bound[],
): Promise<RoutedAnswer> {
  const request = withProxyHeaders(proxy, withForwardedFor(call.request, call.connection.sourceIp))
  const host = hostOf(request.authority)
  const named = servers.filter(({ server }) => server.hosts.some((one) => covers(one.split('/').at(-1) ?? '', host)))
  const redirecting = named.find(({ server }) => server.tls?.httpsRedirect === true)
  if (redirecting !== undefined && call.connection.tls === 'none') {
    const location = redirectLocation(request, { scheme: 'https' })
    return {
      ...fromReply(localReply(301, '', '-', 'direct_response', [['location', location]])),
      routeName: '-',
      request,
    }
  }
  const refusal = refuseRequest(proxy, policy, { ...call, request })
  if (refusal !== undefined) return { ...fromReply(refusal), routeName: '-', request }
  const found = routesFor(proxy, named, host)
  if (found === undefined) return { ...fromReply(NO_ROUTE), routeName: '-', request }
  const port = named[0]?.server.port.number ?? call.port
  const seen = incoming(request, port, found.gateway, proxy.workload)
  return routeHttp(proxy, found.routes, seen, undefined, call.signal)
}

/** A request at a gateway pod. Source: pilot/pkg/networking/core/gateway.go. `secret`: whether one is there. */
export async function gateway(
  proxy: Proxy,
  policy: ServerPolicy,
  call: InboundCall,
  secret: (namespace: string, name: string) => boolean,
  reporter: Reporter,
): Promise<CallOutcome> {
  const servers = serversAt(proxy, call.port)
  const failure = refuse(call, servers, (server) => hasCertificate(secret, proxy, server))
  if (failure !== undefined) return { ok: false, failure, milliseconds: reporter.elapsed() }
  const result = await answer(proxy, policy, call, servers)
  reporter.http(result, addressesOf(proxy, call))
  const headers = answerHeaders(proxy, result, 'istio-envoy')
  return { ok: true, response: { ...result.response, headers }, milliseconds: reporter.elapsed() }
}
