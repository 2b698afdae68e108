import { checkClientTls, type ClientTls } from './client-tls.ts'
import type { Findings } from './findings.ts'
import { fqdnProblem, isIpAddress, portProblem } from './names.ts'

interface LocalitySetting {
  distribute?: { from?: string; to?: Record<string, number> }[]
  failover?: { from?: string; to?: string }[]
  failoverPriority?: string[]
}

interface LoadBalancer {
  simple?: string
  consistentHash?: {
    httpCookie?: { name?: string; ttl?: string }
    minimumRingSize?: number
    ringHash?: { minimumRingSize?: number }
    maglev?: { tableSize?: number }
  }
  localityLbSetting?: LocalitySetting
}

interface ConnectionPool {
  tcp?: { maxConnections?: number }
  http?: {
    http1MaxPendingRequests?: number
    http2MaxRequests?: number
    maxRequestsPerConnection?: number
    maxRetries?: number
    maxConcurrentStreams?: number
    h2UpgradePolicy?: string
    useClientProtocol?: boolean
  }
}

interface OutlierDetection {
  consecutiveErrors?: number
  consecutiveLocalOriginFailures?: number
  splitExternalLocalOriginErrors?: boolean
  maxEjectionPercent?: number
  minHealthPercent?: number
}

interface PortPolicy {
  connectionPool?: ConnectionPool
  loadBalancer?: LoadBalancer
  outlierDetection?: OutlierDetection
  tls?: ClientTls
}

export interface TrafficPolicy extends PortPolicy {
  portLevelSettings?: (PortPolicy & { port?: { number?: number } })[]
  tunnel?: { protocol?: string; targetHost?: string; targetPort?: number }
  proxyProtocol?: unknown
  retryBudget?: unknown
}

export function checkTrafficPolicy(findings: Findings, policy: TrafficPolicy): void {
  const { portLevelSettings = [], tunnel } = policy
  const parts = [
    policy.outlierDetection,
    policy.connectionPool,
    policy.loadBalancer,
    policy.tls,
    tunnel,
    policy.proxyProtocol,
    policy.retryBudget,
  ]
  if (parts.every((part) => part === undefined) && portLevelSettings.length === 0) {
    findings.error('traffic policy must have at least one field')
  }
  checkPortPolicy(findings, policy)
  for (const setting of portLevelSettings) {
    if (setting.port === undefined) findings.error('portLevelSettings must specify a port')
    else if (setting.port.number !== undefined) {
      const problem = portProblem(setting.port.number)
      if (problem !== undefined) findings.error(problem)
    }
    checkPortPolicy(findings, setting)
  }
  if (tunnel !== undefined) checkTunnel(findings, tunnel)
}

function checkPortPolicy(findings: Findings, policy: PortPolicy): void {
  checkOutlierDetection(findings, policy.outlierDetection)
  checkConnectionPool(findings, policy.connectionPool)
  checkLoadBalancer(findings, policy.loadBalancer)
  const { failover = [], failoverPriority = [] } = policy.loadBalancer?.localityLbSetting ?? {}
  if (failover.length + failoverPriority.length > 0 && policy.outlierDetection === undefined) {
    findings.warn('outlier detection policy must be provided for failover')
  }
  if (policy.tls !== undefined) checkClientTls(findings, policy.tls)
}

function checkTunnel(findings: Findings, tunnel: NonNullable<TrafficPolicy['tunnel']>): void {
  const { protocol, targetHost = '', targetPort = 0 } = tunnel
  if (protocol !== undefined && protocol !== 'CONNECT' && protocol !== 'POST') {
    findings.error('tunnel protocol must be "CONNECT" or "POST"')
  }
  const host = fqdnProblem(targetHost)
  if (host !== undefined && !isIpAddress(targetHost)) {
    findings.error(`tunnel target host must be valid FQDN or IP address: ${host}; ${targetHost} is not a valid IP`)
  }
  const port = portProblem(targetPort)
  if (port !== undefined) findings.error(`tunnel target port is invalid: ${port}`)
}

function checkOutlierDetection(findings: Findings, outlier: OutlierDetection | undefined): void {
  if (outlier === undefined) return
  if (outlier.consecutiveErrors !== undefined && outlier.consecutiveErrors !== 0) {
    findings.warn(
      'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead',
    )
  }
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    findings.error(
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false',
    )
  }
  for (const percent of [outlier.maxEjectionPercent, outlier.minHealthPercent]) {
    if (percent !== undefined && (percent < 0 || percent > 100))
      findings.error(`percentage ${percent} is not in range 0..100`)
  }
}

function checkConnectionPool(findings: Findings, pool: ConnectionPool | undefined): void {
  if (pool === undefined) return
  const { tcp, http } = pool
  if (tcp === undefined && http === undefined) {
    findings.error('connection pool must have at least one field')
    return
  }
  const limits: [number | undefined, string][] = [
    [http?.http1MaxPendingRequests, 'max pending requests'],
    [http?.http2MaxRequests, 'max requests'],
    [http?.maxRequestsPerConnection, 'max requests per connection'],
    [http?.maxRetries, 'max retries'],
    [http?.maxConcurrentStreams, 'max concurrent streams'],
    [tcp?.maxConnections, 'max connections'],
  ]
  for (const [limit, name] of limits)
    if (limit !== undefined && limit < 0) findings.error(`${name} must be non-negative`)
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    findings.error('use client protocol must not be true when H2UpgradePolicy is UPGRADE')
  }
}

function checkLoadBalancer(findings: Findings, balancer: LoadBalancer | undefined): void {
  if (balancer === undefined) return
  const hash = balancer.consistentHash
  if (hash?.httpCookie !== undefined && (hash.httpCookie.name ?? '') === '')
    findings.error('name required for HttpCookie')
  if (hash?.minimumRingSize !== undefined && hash.minimumRingSize !== 0) {
    findings.warn(
      "consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead",
    )
  }
  const size = hash?.maglev?.tableSize
  if (size !== undefined) {
    if (size > 5000011) findings.error(`maglev table size must be smaller than or equal to 5000011`)
    else if (!isPrime(size)) findings.error('tableSize must be a prime number for maglev')
  }
  checkLocality(findings, balancer.localityLbSetting)
}

function isPrime(value: number): boolean {
  if (value < 2) return false
  for (let factor = 2; factor * factor <= value; factor++) if (value % factor === 0) return false
  return true
}

function checkLocality(findings: Findings, setting: LocalitySetting | undefined): void {
  if (setting === undefined) return
  const { distribute = [], failover = [], failoverPriority = [] } = setting
  if (distribute.length > 0 && (failover.length > 0 || failoverPriority.length > 0)) {
    findings.error("can not simultaneously specify 'distribute' and 'failover'")
    return
  }
  for (const { to = {} } of distribute) {
    const weights = Object.values(to)
    if (weights.some((weight) => weight === 0)) findings.error('locality weight must not be in range [1, 100]')
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (total !== 100) findings.error(`total locality weight ${total} != 100`)
  }
  for (const { from = '', to = '' } of failover) {
    if (from === to) findings.error('locality lb failover settings must specify different regions')
    else if (`${from}${to}`.includes('/')) findings.error('locality lb failover only specify region')
    else if (`${from}${to}`.includes('*')) findings.error("locality lb failover region should not contain '*' wildcard")
  }
}
