import type { Findings } from './findings.ts'
import { checkLabels, checkNamespacedHost, isIpAddress, partialWildcardProblems, portProblem } from './names.ts'

export interface ServerTls {
  mode?: string
  httpsRedirect?: boolean
  credentialName?: string
  credentialNames?: string[]
  serverCertificate?: string
  privateKey?: string
  caCertificates?: string
  caCertCredentialName?: string
  tlsCertificates?: { serverCertificate?: string; privateKey?: string }[]
  cipherSuites?: string[]
}

export interface Port {
  number?: number
  name?: string
  protocol?: string
  targetPort?: number
}

interface Server {
  port?: Port
  hosts?: string[]
  bind?: string
  name?: string
  tls?: ServerTls
}

interface Gateway {
  selector?: Record<string, string>
  servers?: Server[]
}

export function validateGateway(spec: Gateway, findings: Findings): void {
  checkLabels(findings, spec.selector)
  const servers = spec.servers ?? []
  if (servers.length === 0) {
    findings.error('gateway must have at least one server')
    return
  }
  for (const server of servers) checkServer(findings, server)
}

function checkServer(findings: Findings, server: Server): void {
  const hosts = server.hosts ?? []
  if (hosts.length === 0) findings.error('server config must contain at least one host')
  for (const host of hosts) {
    checkNamespacedHost(findings, host, 'gateway')
    const name = host.includes('/') ? host.slice(host.indexOf('/') + 1) : host
    for (const problem of partialWildcardProblems(name, { shortNames: false })) findings.error(problem)
  }
  if (server.port === undefined) {
    findings.error('port is required')
    return
  }
  checkServerPort(findings, server.port, server.bind ?? '')
  checkTlsPresence(findings, server.port, server.tls)
  if (server.tls !== undefined) checkServerTls(findings, server.tls)
  const bind = server.bind ?? ''
  if (bind !== '' && !bind.startsWith('unix://') && !isIpAddress(bind)) findings.error(`${bind} is not a valid IP`)
  if (isHttp(server.port) || server.tls?.httpsRedirect !== true) return
  findings.warn('tls.httpsRedirect should only be used with http servers')
}

const protocols: readonly string[] = [
  'HTTP',
  'HTTP2',
  'HTTP_PROXY',
  'GRPC',
  'GRPC-WEB',
  'MONGO',
  'REDIS',
  'MYSQL',
  'TCP',
  'UDP',
  'HTTPS',
  'TLS',
  'HBONE',
]

export function isKnownProtocol(protocol: string): boolean {
  return protocols.includes(protocol.toUpperCase())
}

export function isHttp({ protocol = '' }: Port): boolean {
  return ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB'].includes(protocol.toUpperCase())
}

function isTls({ protocol = '' }: Port): boolean {
  return ['HTTPS', 'TLS'].includes(protocol.toUpperCase())
}

function checkServerPort(findings: Findings, port: Port, bind: string): void {
  const { protocol = '', number = 0, name = '' } = port
  if (!isKnownProtocol(protocol)) {
    findings.error(
      `invalid protocol "${protocol}", supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`,
    )
  }
  const isSocket = bind.startsWith('unix://')
  if (isSocket && number !== 0) {
    findings.error(
      `port number must be 0 for unix domain socket: number:${number} protocol:"${protocol}" name:"${name}"`,
    )
  }
  const problem = portProblem(number)
  if (!isSocket && problem !== undefined) findings.error(problem)
  if ((port.targetPort ?? 0) > 0) findings.error('targetPort has no impact on Gateways')
  if (name === '') findings.error('port name must be set: ' + JSON.stringify(port))
}

function checkTlsPresence(findings: Findings, port: Port, tls: ServerTls | undefined): void {
  const plainHttp = isHttp(port)
  if (isTls(port) && tls === undefined) findings.error('server must have TLS settings for HTTPS/TLS protocols')
  else if (plainHttp && tls !== undefined && hasTlsMode(tls))
    findings.error('server cannot have TLS settings for plain text HTTP ports')
}

/** `httpsRedirect` alone is allowed on plaintext servers. */
function hasTlsMode(tls: ServerTls): boolean {
  return tls.mode !== undefined && tls.mode !== 'PASSTHROUGH'
}

/** Names of OpenSSL that Envoy takes. */
const cipherSuites: readonly string[] = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
]

export function checkServerTls(findings: Findings, tls: ServerTls): void {
  checkCiphers(findings, tls.cipherSuites ?? [])
  const mode = tls.mode ?? 'PASSTHROUGH'
  if (!['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'].includes(mode)) return
  if ((tls.credentialName ?? '') !== '' || (tls.credentialNames ?? []).length > 0) return
  const word = mode === 'SIMPLE' ? 'SIMPLE' : 'MUTUAL'
  if (mode !== 'SIMPLE' && (tls.caCertificates ?? '') === '' && (tls.caCertCredentialName ?? '') === '') {
    findings.error('MUTUAL TLS requires a client CA bundle')
  }
  const certificates = (tls.tlsCertificates ?? []).length > 0 ? (tls.tlsCertificates ?? []) : [tls]
  for (const { serverCertificate = '', privateKey = '' } of certificates) {
    if (serverCertificate === '') findings.error(`${word} TLS requires a server certificate`)
    if (privateKey === '') findings.error(`${word} TLS requires a private key`)
  }
}

function checkCiphers(findings: Findings, suites: readonly string[]): void {
  const unknown = suites.filter((suite) => !cipherSuites.includes(suite))
  const doubled = suites.filter((suite, index) => cipherSuites.includes(suite) && suites.indexOf(suite) !== index)
  if (unknown.length > 0) findings.warn(`ignoring invalid cipher suites: [${unknown.join(' ')}]`)
  if (doubled.length > 0) findings.warn(`ignoring duplicate cipher suites: [${[...new Set(doubled)].join(' ')}]`)
}
