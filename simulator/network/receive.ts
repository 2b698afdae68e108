import type { CallOutcome, Clock, HttpRequest } from '../kubernetes/index.ts'
import type { Connection, Fabric, Mesh } from '../mesh/contract.ts'
import { failed, unlessAborted } from './outcome.ts'
import type { PodNamespace } from './pod-namespace.ts'

/** Ports on which our programs speak TLS themselves. */
const tlsPorts: ReadonlySet<number> = new Set([443, 6443, 8443, 9443, 10_250, 15_017])

/** What OpenSSL says of a server that answers a TLS hello with plain text. */
export const wrongVersion = 'TLS connect error: error:0A00010B:SSL routines::wrong version number'
const envoyWrongVersion = 'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end'

export interface Arrival {
  port: number
  connection: Connection
  request: HttpRequest
  signal: AbortSignal
}

/** A connection that has reached a pod: its gateway or sidecar first, if it has one, then the program that listens. */
export async function receive(
  pod: PodNamespace,
  arrival: Arrival,
  { mesh, fabric, clock }: { mesh: Mesh | undefined; fabric: Fabric; clock: Clock },
): Promise<CallOutcome> {
  const { port, connection, request, signal } = arrival
  const started = clock.monotonic()
  const elapsed = (): number => clock.monotonic() - started
  const closing = async (work: Promise<CallOutcome>): Promise<CallOutcome> => {
    const outcome = await unlessAborted(work, signal, () => failed('timeout', 'Operation timed out'))
    return { ...outcome, milliseconds: elapsed() }
  }
  const serve = (incoming: HttpRequest, sourceIp: string): Promise<CallOutcome> =>
    serveProgram(pod, port, incoming, { sourceIp, ...principalOf(connection), signal }, clock)

  if (pod.intercepts(port) && mesh !== undefined) {
    if (!pod.hasRunningProxy) return failed('refused', `connect to ${pod.ip} port ${port}: Connection refused`)
    const call = { to: pod.workload, port, connection, request, signal }
    if (pod.isGateway) return closing(mesh.gateway(call, fabric))
    // The proxy connects to the program from 127.0.0.6, its inbound passthrough address.
    return closing(mesh.inbound(call, fabric, (incoming) => serve(incoming, '127.0.0.6')))
  }
  const listener = pod.listeners.at(port)
  if (listener === undefined) return failed('refused', `connect to ${pod.ip} port ${port}: Connection refused`)
  const speaksTls = connection.tls !== 'none' || request.scheme === 'https'
  if (speaksTls && !tlsPorts.has(port))
    return failed('tls', connection.tls === 'mutual' ? envoyWrongVersion : wrongVersion)
  return closing(serve(request, connection.sourceIp))
}

function principalOf(connection: Connection): { principal?: string } {
  return connection.principal === undefined ? {} : { principal: connection.principal }
}

/** Hands a request to whatever listens on a port of the pod. */
export async function serveProgram(
  pod: PodNamespace,
  port: number,
  request: HttpRequest,
  meta: { sourceIp: string; principal?: string; signal: AbortSignal },
  clock: Clock,
): Promise<CallOutcome> {
  const started = clock.monotonic()
  const listener = pod.listeners.at(port)
  if (listener === undefined) return failed('refused', `connect to ${pod.ip} port ${port}: Connection refused`)
  if (listener.kind === 'tcp') return failed('empty', 'Empty reply from server')
  if (request.scheme === 'https' && !tlsPorts.has(port)) return failed('tls', wrongVersion)
  if (tlsPorts.has(port) && request.scheme === 'http' && meta.sourceIp !== '127.0.0.6') {
    const body = 'Client sent an HTTP request to an HTTPS server.\n'
    return { ok: true, response: { status: 400, headers: [], body }, milliseconds: clock.monotonic() - started }
  }
  const handled = Promise.resolve(listener.handler(request, meta))
  const outcome = handled.then((response): CallOutcome => {
    const milliseconds = clock.monotonic() - started
    // A program that drops the connection without an answer says so with status 0.
    return response.status === 0
      ? failed('empty', 'Empty reply from server', milliseconds)
      : { ok: true, response, milliseconds }
  })
  return unlessAborted(outcome, pod.closed.signal, () =>
    failed('reset', 'Connection reset by peer', clock.monotonic() - started),
  )
}
