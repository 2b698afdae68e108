import type { KubeObject } from '../../kubernetes/index.ts'
import type { ProxyAdmin } from '../../programs/proxy-admin.ts'
import type { RequestRecord, Telemetry } from '../telemetry/index.ts'
import { configDump } from './config-dump.ts'
import { clusterFor, type Cluster } from './cluster.ts'
import { principalOf, type Proxy } from './proxy.ts'
import { destinationRuleFor } from './destination-rule.ts'
import { isVisible } from './virtual-host.ts'

/** What the admin interface needs of the mesh. */
export interface AdminSource {
  isConfigured(): boolean
  /** The proxy of a pod; undefined while the network does not know the pod. */
  proxyOfPod(pod: KubeObject): Proxy | undefined
  telemetry: Telemetry
  onAccessLog: (listener: (workload: { pod: KubeObject }, line: string) => void) => Disposable
}

/** Every cluster that a proxy knows: one a service port, and one for each subset of its DestinationRule. */
export function allClusters(proxy: Proxy): Cluster[] {
  const { destinationRules, mesh } = proxy.configuration
  return proxy.registry.all.flatMap((service) => {
    if (!isVisible(proxy, service)) return []
    const rule = destinationRuleFor(destinationRules, proxy.workload, service, mesh.rootNamespace)
    return ['', ...(rule?.subsets ?? []).map(({ name }) => name)].flatMap(
      (subset) =>
        clusterFor(proxy, { host: service.hostname, subset, port: service.port }, service.port, undefined) ?? [],
    )
  })
}

const key = ({ ip, port }: { ip: string; port: number }): string => `${ip}:${port}`

function statLines({ name, state, endpoints }: Cluster): string[] {
  const { pool, outlier } = state
  const prefix = `cluster.${name};.`
  const ejected =
    outlier === undefined ? 0 : endpoints.length - endpoints.filter((one) => !outlier.isEjected(key(one))).length
  return [
    ...(pool === undefined
      ? []
      : [
          `circuit_breakers.default.remaining_pending: ${Number.isFinite(pool.remainingPending) ? pool.remainingPending : 4294967295}`,
          `upstream_rq_pending_active: ${pool.pending}`,
          `upstream_rq_pending_overflow: ${pool.overflows}`,
          `upstream_rq_pending_total: ${pool.pendingTotal}`,
        ]),
    ...(outlier === undefined
      ? []
      : [
          `outlier_detection.ejections_active: ${ejected}`,
          `outlier_detection.ejections_enforced_total: ${outlier.ejectionsTotal}`,
        ]),
    `upstream_rq_5xx: ${state.requests5xx}`,
    `upstream_rq_total: ${state.requestsTotal}`,
  ].map((line) => prefix + line)
}

function clusterLines({ name, state, endpoints }: Cluster): string[] {
  return endpoints.flatMap((endpoint) => {
    const flags = state.outlier?.isEjected(key(endpoint)) === true ? '/failed_outlier_check' : 'healthy'
    const lines = [`rq_active::${state.busy.get(key(endpoint)) ?? 0}`, `health_flags::${flags}`, 'weight::1']
    return lines.map((line) => `${name}::${key(endpoint)}::${line}`)
  })
}

const quote = (text: string): string => `"${text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`

/** Istio's standard metric of a request, with its labels. Source: istio.io, Istio Standard Metrics. */
function metricLine({ source, destination, ...record }: RequestRecord): string {
  const labels: Record<string, string> = {
    reporter: record.reporter,
    source_workload: source.workload,
    source_workload_namespace: source.namespace,
    source_principal: source.principal,
    source_app: source.app,
    source_version: source.version,
    destination_workload: destination.workload,
    destination_workload_namespace: destination.namespace,
    destination_principal: destination.principal,
    destination_app: destination.app,
    destination_version: destination.version,
    destination_service: record.service,
    request_protocol: record.protocol,
    response_code: String(record.code),
    response_flags: record.flags,
    connection_security_policy: record.reporter === 'source' ? 'unknown' : record.mutualTls ? 'mutual_tls' : 'none',
  }
  const text = Object.entries(labels).map(([name, value]) => `${name}=${quote(value)}`)
  return `{${text.join(',')}} ${record.count}`
}

function metrics(records: readonly RequestRecord[]): string {
  const http = records
    .filter(({ protocol }) => protocol === 'http')
    .map((record) => `istio_requests_total${metricLine(record)}`)
  const tcp = records
    .filter(({ protocol }) => protocol === 'tcp')
    .map((record) => `istio_tcp_connections_opened_total${metricLine(record)}`)
  const family = (name: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`# TYPE ${name} counter`, ...lines]
  return [...family('istio_requests_total', http), ...family('istio_tcp_connections_opened_total', tcp), ''].join('\n')
}

const DAY_MILLISECONDS = 86_400_000

/** Workload certificates live a day, and begin two minutes before they were asked for. Source: security/pkg/nodeagent. */
function certificates(proxy: Proxy): unknown {
  const now = proxy.clock.now()
  const started = Date.parse(proxy.workload.pod.metadata.creationTimestamp) || now
  const round = Math.floor((now - started) / (DAY_MILLISECONDS / 2))
  const from = started + round * (DAY_MILLISECONDS / 2) - 120_000
  const until = from + DAY_MILLISECONDS + 120_000
  const days = (time: number): string => String(Math.max(0, Math.floor((time - now) / DAY_MILLISECONDS)))
  const uri = `spiffe://${principalOf(proxy.workload)}`
  return {
    certificates: [
      {
        ca_cert: [],
        cert_chain: [
          {
            path: '<inline>',
            subject_alt_names: [{ uri }],
            days_until_expiration: days(until),
            valid_from: new Date(from).toISOString(),
            expiration_time: new Date(until).toISOString(),
          },
        ],
      },
    ],
  }
}

/** The admin interfaces of all proxies, for the program of the proxy's image. */
export function createAdmin(source: AdminSource): ProxyAdmin {
  const of = <T>(pod: KubeObject, read: (proxy: Proxy) => T, otherwise: T): T => {
    const proxy = source.proxyOfPod(pod)
    return proxy === undefined ? otherwise : read(proxy)
  }
  const lines = (pod: KubeObject, write: (cluster: Cluster) => string[]): string =>
    of(pod, (proxy) => allClusters(proxy).flatMap(write), [])
      .map((line) => `${line}\n`)
      .join('')
  return {
    isConfigured: () => source.isConfigured(),
    onAccessLog: (pod, listener) =>
      source.onAccessLog((workload, line) => {
        if (workload.pod.metadata.uid === pod.metadata.uid) listener(line)
      }),
    stats: (pod) => lines(pod, statLines),
    clusters: (pod) => lines(pod, clusterLines),
    prometheus: (pod) => metrics(source.telemetry.totals(pod.metadata.uid)),
    certificates: (pod) => of(pod, certificates, { certificates: [] }),
    configDump: (pod, options) => of(pod, (proxy) => configDump(proxy, allClusters(proxy), options), { configs: [] }),
  }
}
