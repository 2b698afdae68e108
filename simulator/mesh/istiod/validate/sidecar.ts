import { checkDestination, type Destination } from './destination.ts'
import type { Findings } from './findings.ts'
import { checkServerTls, isKnownProtocol, type Port, type ServerTls } from './gateway.ts'
import {
  checkNamespacedHost,
  isIpAddress,
  partialWildcardProblems,
  portProblem,
  wildcardDomainProblem,
} from './names.ts'

interface Sidecar {
  workloadSelector?: { labels?: Record<string, string> }
  ingress?: { port?: Port; bind?: string; defaultEndpoint?: string; captureMode?: string; tls?: ServerTls }[]
  egress?: { port?: Port; bind?: string; hosts?: string[] }[]
  inboundConnectionPool?: unknown
  outboundTrafficPolicy?: { mode?: string; egressProxy?: Destination }
}

const endpointForm =
  'sidecar: defaultEndpoint must be of form 127.0.0.1:<port>,0.0.0.0:<port>,[::1]:port,[::]:port,unix://filepath or unset'

export function validateSidecar(spec: Sidecar, findings: Findings): void {
  const { ingress = [], egress = [], outboundTrafficPolicy } = spec
  if (
    ingress.length === 0 &&
    egress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    spec.inboundConnectionPool === undefined
  ) {
    findings.error('sidecar: empty configuration provided')
    return
  }
  checkIngress(findings, ingress)
  checkEgress(findings, egress)
  const proxy = outboundTrafficPolicy?.egressProxy
  if (proxy === undefined) return
  if (proxy.port === undefined) findings.error('sidecar: egress_proxy port must be non-nil')
  else checkDestination(findings, proxy)
}

function checkIngress(findings: Findings, listeners: NonNullable<Sidecar['ingress']>): void {
  const seen = new Set<string>()
  for (const listener of listeners) {
    const port = listener.port ?? {}
    const problem = portProblem(port.number ?? 0)
    if (problem !== undefined) findings.error(problem)
    checkProtocol(findings, port)
    const key = `${listener.bind ?? ''}:${port.number ?? 0}`
    if (seen.has(key)) findings.error('sidecar: ports on IP bound listeners must be unique')
    seen.add(key)
    const endpoint = listener.defaultEndpoint ?? ''
    if (endpoint !== '') checkEndpoint(findings, endpoint)
    if (listener.tls === undefined) continue
    if (!['HTTPS', 'TLS'].includes((port.protocol ?? '').toUpperCase())) {
      findings.error('server cannot have TLS settings for non HTTPS/TLS ports')
    }
    checkServerTls(findings, listener.tls)
  }
}

function checkProtocol(findings: Findings, { protocol = '' }: Port): void {
  if (protocol !== '' && !isKnownProtocol(protocol)) findings.error(`invalid protocol "${protocol}"`)
}

function checkEndpoint(findings: Findings, endpoint: string): void {
  if (endpoint.startsWith('unix://')) {
    const path = endpoint.slice('unix://'.length)
    if (!path.startsWith('/') && !path.startsWith('@')) findings.error(`${endpoint} is not a valid unix domain socket`)
    return
  }
  const match = /^(.*):([^:]*)$/.exec(endpoint)
  if (match === null) {
    findings.error(`address ${endpoint}: missing port in address`)
    findings.error('sidecar: defaultEndpoint port () is not a number: strconv.Atoi: parsing "": invalid syntax')
    return
  }
  const [, host = '', port = ''] = match
  if (!['127.0.0.1', '0.0.0.0', '[::1]', '[::]'].includes(host)) findings.error(endpointForm)
  if (!/^\d+$/.test(port)) {
    findings.error(
      `sidecar: defaultEndpoint port (${port}) is not a number: strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`,
    )
  } else {
    const problem = portProblem(Number(port))
    if (problem !== undefined) findings.error(problem)
  }
}

function checkEgress(findings: Findings, listeners: NonNullable<Sidecar['egress']>): void {
  const seen = new Set<string>()
  for (const [index, listener] of listeners.entries()) {
    const { hosts = [], port } = listener
    if (port === undefined) {
      if (index !== listeners.length - 1) {
        findings.error('sidecar: the egress listener with empty port should be the last listener in the list')
      }
    } else {
      const problem = portProblem(port.number ?? 0)
      if (problem !== undefined && !(listener.bind ?? '').startsWith('unix://')) findings.error(problem)
      checkProtocol(findings, port)
      const key = `${listener.bind ?? ''}:${port.number ?? 0}`
      if (seen.has(key)) findings.error('sidecar: ports on IP bound listeners must be unique')
      seen.add(key)
    }
    if (hosts.length === 0) findings.error('sidecar: egress listener must contain at least one host')
    for (const host of hosts) checkEgressHost(findings, host)
  }
}

/** The name is looked at twice: as a host of a listener and as a domain. */
function checkEgressHost(findings: Findings, host: string): void {
  const slash = host.indexOf('/')
  if (slash < 0) {
    findings.error('sidecar: host must be of form namespace/dnsName')
    return
  }
  checkNamespacedHost(findings, host, 'sidecar')
  const name = host.slice(slash + 1)
  const problems = partialWildcardProblems(name, { shortNames: false })
  const domain = name === '*' || isIpAddress(name) ? undefined : wildcardDomainProblem(name)
  const sorted = domain === undefined ? problems : inOrder(problems, domain)
  for (const problem of sorted) findings.error(problem)
}

/** istiod lists the domain's problem twice, one after the other. */
function inOrder(problems: readonly string[], domain: string): string[] {
  return problems.flatMap((problem) => (problem === domain ? [problem, problem] : [problem]))
}
