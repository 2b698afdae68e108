import type { Api, HttpResponse } from '../kubernetes/index.ts'
import { nodeAddress } from './addresses.ts'
import type { Fabric } from '../mesh/contract.ts'
import type { ServiceReference } from './contract.ts'
import type { ServiceIndex } from './services.ts'

/** The control plane could not reach a service; the message is what the API server writes behind `Post "https://…": `. */
export class ServiceCallError extends Error {
  readonly code: 'NO_SERVICE' | 'NO_ENDPOINTS' | 'CONNECTION_FAILED' | 'DEADLINE'

  constructor(code: ServiceCallError['code'], message: string) {
    super(message)
    this.name = 'ServiceCallError'
    this.code = code
  }
}

/** Posts JSON to one ready endpoint of a service, over TLS and from the control plane (which has no sidecar). */
export async function callService(
  { namespace, name, port = 443, path = '/' }: ServiceReference,
  body: string,
  signal: AbortSignal,
  { api, services, fabric }: { api: Api; services: ServiceIndex; fabric: Fabric },
): Promise<{ status: number; body: string }> {
  const service = api.get('services', namespace, name)
  if (service === undefined) throw new ServiceCallError('NO_SERVICE', `service "${name}" not found`)
  const target = services.all().find((candidate) => candidate.service === service && candidate.port === port)
  if (target === undefined)
    throw new ServiceCallError('NO_SERVICE', `no service port ${port} found for service "${name}"`)
  const endpoint = target.endpoints[0]
  if (endpoint === undefined) throw new ServiceCallError('NO_ENDPOINTS', `no endpoints available for service "${name}"`)
  const outcome = await fabric.deliver(
    endpoint,
    { sourceIp: nodeAddress, tls: 'none' },
    {
      method: 'POST',
      scheme: 'https',
      authority: `${name}.${namespace}.svc:${port}`,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: [['content-type', 'application/json']],
      body,
    },
    signal,
  )
  if (outcome.ok) return { status: outcome.response.status, body: textOf(outcome.response) }
  if (signal.aborted) throw new ServiceCallError('DEADLINE', 'context deadline exceeded')
  const address = `${endpoint.ip}:${endpoint.port}`
  const words: Record<string, string> = {
    refused: `dial tcp ${address}: connect: connection refused`,
    timeout: `dial tcp ${address}: i/o timeout`,
    unreachable: `dial tcp ${address}: connect: no route to host`,
    reset: `read tcp ${nodeAddress}:41234->${address}: read: connection reset by peer`,
    empty: 'EOF',
    tls: 'tls: first record does not look like a TLS handshake',
  }
  throw new ServiceCallError('CONNECTION_FAILED', words[outcome.failure.kind] ?? outcome.failure.message)
}

export function textOf({ body }: Pick<HttpResponse, 'body'>): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}
