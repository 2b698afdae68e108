import type { Connection, Endpoint } from '../contract.ts'
import type { Cluster } from './cluster.ts'
import { principalOf, type Proxy } from './proxy.ts'

export const WRONG_VERSION_NUMBER =
  'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end'
export const CERTIFICATE_VERIFY_FAILED =
  'TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end'

/**
 * How a client's proxy connects to one endpoint. A DestinationRule's tls.mode says it exactly; without one, mTLS goes to
 * endpoints whose pod carries tlsMode=istio and takes it. Sources: cluster_tls.go, xds/endpoints/mtls_checker.go.
 */
export function connectionTo(proxy: Proxy, cluster: Cluster, endpoint: Endpoint): Connection {
  const sourceIp = proxy.workload.ip
  const mutual = (): Connection => ({
    sourceIp,
    tls: 'mutual',
    principal: principalOf(proxy.workload),
    serverName: cluster.policy.tls?.sni ?? cluster.serverName,
  })
  switch (cluster.policy.tls?.mode) {
    case 'ISTIO_MUTUAL':
      return mutual()
    case 'SIMPLE':
    case 'MUTUAL':
      return { sourceIp, tls: 'tls', serverName: cluster.policy.tls.sni ?? cluster.service?.hostname ?? '' }
    case 'DISABLE':
      return { sourceIp, tls: 'none' }
    default:
      return automatic(proxy, cluster, endpoint) ? mutual() : { sourceIp, tls: 'none' }
  }
}

function automatic(proxy: Proxy, cluster: Cluster, endpoint: Endpoint): boolean {
  if (!proxy.configuration.mesh.enableAutoMtls || cluster.service === undefined || cluster.service.external)
    return false
  const server = endpoint.workload
  if (server === undefined || server.labels['security.istio.io/tlsMode'] !== 'istio') return false
  return proxy.security.acceptsMtls(server, endpoint.port)
}

/** What a failed TLS connection says of itself, in Envoy's words. */
export function tlsFailure(connection: Connection, message: string): string {
  if (message.startsWith('TLS_error')) return message
  const plaintext = connection.tls === 'mutual' || /wrong version/i.test(message)
  return plaintext ? WRONG_VERSION_NUMBER : CERTIFICATE_VERIFY_FAILED
}
