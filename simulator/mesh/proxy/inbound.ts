import { createHash } from 'node:crypto'
import {
  header,
  type CallOutcome,
  type ConnectionFailure,
  type Headers,
  type HttpRequest,
} from '../../kubernetes/index.ts'
import type { InboundCall } from '../contract.ts'
import { decide, type Subject } from './authorization/index.ts'
import { CERTIFICATE_VERIFY_FAILED, WRONG_VERSION_NUMBER } from './client-tls.ts'
import { authenticate, type JwtVerdict } from './jwt.ts'
import { accessDenied, CALLER_LEFT, localReply, upstreamReset, type LocalReply } from './local-reply.ts'
import { answerHeaders } from './outbound.ts'
import { principalOf, type Proxy } from './proxy.ts'
import type { ServerMode } from './peer-authentication.ts'
import type { MeshService } from './registry.ts'
import type { Reporter } from './report.ts'
import { fromReply, type Answer } from './router.ts'
import type { ServerPolicy } from './server-policy.ts'

export type Serve = (request: HttpRequest) => Promise<CallOutcome>

/** Hands a request to whatever stands behind the filters, and says what came of it. */
type Handler = (request: HttpRequest) => Promise<Answer & { routeName?: string }>

const RESET: ConnectionFailure = { kind: 'reset', message: 'Recv failure: Connection reset by peer' }

/**
 * Why the connection does not come about, before any HTTP. STRICT has no filter chain for plaintext: the connection is reset.
 * TLS that is not Istio's own passes to the program, which speaks plaintext when the client's proxy made the TLS.
 */
export function refuseConnection(call: InboundCall, mode: ServerMode): ConnectionFailure | undefined {
  const originated = call.request.scheme === 'http'
  switch (call.connection.tls) {
    case 'none':
      return mode === 'STRICT' ? RESET : undefined
    case 'mutual':
      return mode === 'DISABLE' ? { kind: 'tls', message: WRONG_VERSION_NUMBER } : undefined
    default:
      if (!originated) return mode === 'STRICT' ? RESET : undefined
      return { kind: 'tls', message: mode === 'STRICT' ? CERTIFICATE_VERIFY_FAILED : WRONG_VERSION_NUMBER }
  }
}

/** Dot segments resolved and slashes as they are: MeshConfig's path normalization BASE. */
function normalizedPath(path: string): string {
  const mark = path.indexOf('?')
  const bare = mark === -1 ? path : path.slice(0, mark)
  if (!bare.includes('/.')) return bare
  const kept: string[] = []
  for (const part of bare.split('/').slice(1)) {
    if (part === '..') kept.pop()
    else if (part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

export function subjectOf(call: InboundCall, jwt: JwtVerdict, bytes: boolean): Subject {
  const { connection, request } = call
  const forwarded = header(request.headers, 'x-forwarded-for')?.split(',').at(-1)?.trim()
  return {
    sourceIp: connection.sourceIp,
    remoteIp: (bytes ? undefined : forwarded) ?? connection.sourceIp,
    ...(connection.principal !== undefined && { principal: connection.principal }),
    ...(connection.serverName !== undefined && { serverName: connection.serverName }),
    destinationIp: call.to.ip,
    destinationPort: call.port,
    ...(!bytes && {
      http: {
        method: request.method,
        path: normalizedPath(request.path),
        authority: request.authority,
        headers: request.headers,
      },
    }),
    ...(jwt.kind === 'accepted' && { jwt: { principal: jwt.principal, claims: jwt.claims } }),
  }
}

function jwtRefusal(call: InboundCall, message: string): LocalReply {
  const { request } = call
  const realm = `Bearer realm="${request.scheme}://${request.authority}${request.path}", error="invalid_token"`
  const details = `jwt_authn_access_denied{${message.replaceAll(' ', '_')}}`
  return localReply(401, message, '-', details, [['www-authenticate', realm]])
}

/** The refusal of RequestAuthentication or AuthorizationPolicy, if any. */
export function refuseRequest(proxy: Proxy, policy: ServerPolicy, call: InboundCall): LocalReply | undefined {
  const jwt = authenticate(policy.jwtRules, call.request, proxy.clock.now())
  if (jwt.kind === 'refused') return jwtRefusal(call, jwt.message)
  const decision = decide(policy.authorization, subjectOf(call, jwt, false))
  return decision.allowed ? undefined : accessDenied(decision.matchedPolicy)
}

const MAX_HASHES = 1000
const hashes = new Map<string, string>()

/** Stands for the hash of the caller's certificate: the same for the same identity. */
function certificateHash(uri: string): string {
  const known = hashes.get(uri)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(uri).digest('hex')
  if (hashes.size >= MAX_HASHES) hashes.clear()
  hashes.set(uri, hash)
  return hash
}

/** Who called, for the program: only mTLS says it, and a header of that name from anywhere else is dropped. */
function withClientCertificate(proxy: Proxy, call: InboundCall): HttpRequest {
  const { connection, request } = call
  const headers: Headers = request.headers.filter(
    ([name]) => name !== 'x-forwarded-client-cert' || connection.tls === 'mutual',
  )
  if (header(headers, 'x-forwarded-proto') === undefined) headers.push(['x-forwarded-proto', 'http'])
  if (header(headers, 'x-request-id') === undefined) headers.push(['x-request-id', proxy.random.uuid()])
  if (connection.tls === 'mutual' && connection.principal !== undefined) {
    const by = `spiffe://${principalOf(proxy.workload)}`
    const uri = `spiffe://${connection.principal}`
    headers.push(['x-forwarded-client-cert', `By=${by};Hash=${certificateHash(uri)};Subject="";URI=${uri}`])
  }
  return { ...request, headers }
}

function answerOf(outcome: CallOutcome, cluster: string, call: InboundCall): Answer {
  const endpoint = { ip: call.to.ip, port: call.port }
  if (outcome.ok) {
    const { response, milliseconds } = outcome
    return { response, flags: '-', details: 'via_upstream', serviceMilliseconds: milliseconds, endpoint, cluster }
  }
  // The other proxy's own time-out looks the same from here: whoever sent the request has left.
  if (call.signal.aborted) return fromReply(CALLER_LEFT, { endpoint, cluster })
  const refused = outcome.failure.kind === 'refused'
  const reply = refused
    ? upstreamReset('remote connection failure', false, 'delayed connect error: Connection refused')
    : upstreamReset('connection termination', false)
  return fromReply(reply, { endpoint, cluster })
}

/** HTTP through the server's filters: token, authorization, then the program. */
async function inboundHttp(
  proxy: Proxy,
  policy: ServerPolicy,
  call: InboundCall,
  service: MeshService | undefined,
  handle: Handler,
  reporter: Reporter,
): Promise<CallOutcome> {
  const request = withClientCertificate(proxy, call)
  const refusal = refuseRequest(proxy, policy, call)
  const answer: Awaited<ReturnType<Handler>> = refusal ? fromReply(refusal) : await handle(request)
  const cluster = service === undefined ? 'InboundPassthroughCluster' : `inbound|${call.port}||`
  const routeName = answer.routeName ?? 'default'
  reporter.http({ cluster, ...answer, routeName, request }, addressesOf(proxy, call))
  if (call.signal.aborted) {
    const failure: ConnectionFailure = { kind: 'timeout', message: 'Operation timed out' }
    return { ok: false, failure, milliseconds: reporter.elapsed() }
  }
  const headers = answerHeaders(proxy, answer, 'istio-envoy')
  if (service !== undefined) headers.push(['x-envoy-decorator-operation', `${service.hostname}:${service.port}/*`])
  return { ok: true, response: { ...answer.response, headers }, milliseconds: reporter.elapsed() }
}

export function addressesOf(proxy: Proxy, call: InboundCall) {
  return {
    local: `${call.to.ip}:${call.port}`,
    remote: `${call.connection.sourceIp}:${32_768 + proxy.random.below(28_000)}`,
    ...(call.connection.serverName && { serverName: call.connection.serverName }),
  }
}

async function inboundTcp(
  proxy: Proxy,
  policy: ServerPolicy,
  call: InboundCall,
  serve: Serve,
  reporter: Reporter,
): Promise<CallOutcome> {
  const { local, remote } = addressesOf(proxy, call)
  const base = {
    cluster: `inbound|${call.port}||`,
    connection: call.connection,
    local,
    remote,
    transportFailure: undefined,
  }
  const decision = decide(policy.authorization, subjectOf(call, { kind: 'absent' }, true))
  if (!decision.allowed) {
    const details = `rbac_access_denied_matched_policy[${decision.matchedPolicy}]`
    reporter.tcp({ ...base, flags: '-', details, endpoint: undefined, response: undefined })
    return {
      ok: false,
      failure: { kind: 'empty', message: 'Empty reply from server' },
      milliseconds: reporter.elapsed(),
    }
  }
  const outcome = await serve(call.request)
  const response = outcome.ok ? outcome.response : undefined
  reporter.tcp({ ...base, flags: outcome.ok ? '-' : 'UF', endpoint: { ip: call.to.ip, port: call.port }, response })
  // Envoy has accepted the connection already: a program that does not listen looks like one that hangs up.
  if (!outcome.ok && outcome.failure.kind === 'refused') return { ...outcome, failure: RESET }
  return outcome
}

/** A request that arrives at a pod with a sidecar. Source: pilot/pkg/networking/core/listener_inbound.go. */
export async function inbound(
  proxy: Proxy,
  policy: ServerPolicy,
  mode: ServerMode,
  call: InboundCall,
  serve: Serve,
  reporter: Reporter,
): Promise<CallOutcome> {
  const failure = refuseConnection(call, mode)
  if (failure !== undefined) {
    const { local, remote } = addressesOf(proxy, call)
    const nothing = { cluster: '', endpoint: undefined, connection: call.connection, response: undefined }
    reporter.tcp({
      ...nothing,
      flags: 'NR',
      details: 'filter_chain_not_found',
      local,
      remote,
      transportFailure: undefined,
    })
    return { ok: false, failure, milliseconds: reporter.elapsed() }
  }
  const service = proxy.registry.behind(call.to.ip, call.port)
  const bytes = call.request.scheme === 'https' || service?.protocol === 'tcp' || service?.protocol === 'tls'
  if (bytes) return inboundTcp(proxy, policy, call, serve, reporter)
  const cluster = service === undefined ? 'InboundPassthroughCluster' : `inbound|${call.port}||`
  const handle: Handler = async (request) => answerOf(await serve(request), cluster, call)
  return inboundHttp(proxy, policy, call, service, handle, reporter)
}
