import { header, type HttpResponse } from '../../kubernetes/index.ts'
import type { Connection, Endpoint, InboundCall, OutboundCall, Workload } from '../contract.ts'
import type { Peer, Telemetry } from '../telemetry/index.ts'
import { jsonLine, logsAccess, textLine, type AccessLogEntry } from './access-log.ts'
import type { RoutedAnswer } from './http-route.ts'
import { principalOf, type Proxy } from './proxy.ts'

export interface TcpReport {
  flags: string
  details?: string
  cluster: string
  endpoint: Endpoint | undefined
  connection: Connection | undefined
  response: HttpResponse | undefined
  local: string
  remote?: string
  transportFailure: string | undefined
}

/** Writes one request into the access log and the counters of one proxy. */
export interface Reporter {
  http(answer: RoutedAnswer, addresses: { local: string; remote?: string; serverName?: string }): void
  tcp(report: TcpReport): void
  elapsed(): number
}

const size = (body: string | Uint8Array): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength

const NOBODY: Peer = {
  workload: 'unknown',
  namespace: 'unknown',
  principal: 'unknown',
  app: 'unknown',
  version: 'unknown',
}

/** A pod's workload: its Deployment by the ReplicaSet's name, else its owner, else itself. Source: pkg/kube `GetDeployMetaFromPod`. */
export function workloadName(workload: Workload): string {
  const { ownerReferences = [], labels, name } = workload.pod.metadata
  const owner = ownerReferences.find((reference) => reference.controller) ?? ownerReferences[0]
  if (owner === undefined) return name
  const hash = labels?.['pod-template-hash']
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? owner.name.slice(0, -hash.length - 1)
    : owner.name
}

export function peerOf(workload: Workload | undefined, mutual: boolean): Peer {
  if (workload === undefined) return NOBODY
  const { labels } = workload
  return {
    workload: workloadName(workload),
    namespace: workload.namespace,
    principal: mutual ? `spiffe://${principalOf(workload)}` : 'unknown',
    app: labels.app ?? labels['app.kubernetes.io/name'] ?? 'unknown',
    version: labels.version ?? 'latest',
  }
}

/** `outbound|9080|v1|reviews.default.svc.cluster.local` names its host last. */
const serviceOf = (cluster: string | undefined): string => cluster?.split('|')[3] || 'unknown'

interface Sink {
  telemetry: Telemetry
  log: (workload: Workload, line: string) => void
}

/** For one call; `destination` service: what the called service is named, for the side that does not choose it. */
export function createReporter(
  sink: Sink,
  proxy: Proxy,
  side: { reporter: 'source' | 'destination'; call: OutboundCall | InboundCall; service?: string; source?: Workload },
): Reporter {
  const startTime = proxy.clock.now()
  const start = proxy.clock.monotonic()
  const elapsed = (): number => proxy.clock.monotonic() - start
  const { call } = side
  const outgoing = side.reporter === 'source'
  const ephemeral = (): number => 32_768 + proxy.random.below(28_000)

  const write = (entry: AccessLogEntry): void => {
    const { configuration, workload } = proxy
    if (!logsAccess(configuration, workload)) return
    sink.log(workload, configuration.mesh.accessLogEncoding === 'JSON' ? jsonLine(entry) : textLine(entry))
  }

  const count = (
    protocol: 'http' | 'tcp',
    code: number,
    flags: string,
    cluster: string | undefined,
    endpoint: Endpoint | undefined,
    connection: Connection | undefined,
  ): void => {
    const mutual = connection?.tls === 'mutual'
    sink.telemetry.record(
      {
        reporter: side.reporter,
        proxy: proxy.workload.pod.metadata.uid,
        source: peerOf(outgoing ? proxy.workload : side.source, mutual),
        destination: peerOf(outgoing ? endpoint?.workload : proxy.workload, mutual),
        service: side.service ?? serviceOf(cluster),
        protocol,
        code,
        flags,
        mutualTls: mutual,
      },
      elapsed(),
    )
  }

  const upstream = (endpoint: Endpoint | undefined): Partial<AccessLogEntry> =>
    endpoint === undefined
      ? {}
      : {
          upstreamHost: `${endpoint.ip}:${endpoint.port}`,
          upstreamLocalAddress: `${outgoing ? proxy.workload.ip : '127.0.0.6'}:${ephemeral()}`,
        }

  return {
    elapsed,
    http(answer, { local, remote, serverName }) {
      const { response, request } = answer
      const left = call.signal.aborted && answer.flags === '-'
      const flags = left ? 'DC' : answer.flags
      const status = left ? 0 : response.status
      const proxyTime = header(response.headers, 'x-envoy-upstream-service-time')
      const serviceTime = answer.serviceMilliseconds ?? (proxyTime === undefined ? undefined : Number(proxyTime))
      write({
        startTime,
        request,
        status,
        flags,
        details: left ? 'downstream_remote_disconnect' : answer.details,
        ...(answer.transportFailure && { transportFailure: answer.transportFailure.replaceAll(' ', '_') }),
        bytesReceived: size(request.body),
        bytesSent: size(response.body),
        duration: elapsed(),
        ...(serviceTime !== undefined && { serviceTime }),
        ...upstream(answer.endpoint),
        ...(answer.cluster && { upstreamCluster: answer.cluster }),
        downstreamLocalAddress: local,
        downstreamRemoteAddress: remote ?? `${proxy.workload.ip}:${ephemeral()}`,
        ...(serverName && { serverName }),
        routeName: answer.routeName,
      })
      count('http', status, flags, answer.cluster, answer.endpoint, outgoing ? answer.connection : inboundOf(call))
    },
    tcp(report) {
      write({
        startTime,
        status: 0,
        flags: report.flags,
        details: report.details ?? '-',
        ...(report.transportFailure && { transportFailure: report.transportFailure.replaceAll(' ', '_') }),
        bytesReceived: size(call.request.body) + call.request.path.length,
        bytesSent: report.response === undefined ? 0 : size(report.response.body),
        duration: elapsed(),
        ...upstream(report.endpoint),
        ...(report.cluster && { upstreamCluster: report.cluster }),
        downstreamLocalAddress: report.local,
        downstreamRemoteAddress: report.remote ?? `${proxy.workload.ip}:${ephemeral()}`,
        ...(inboundOf(call)?.serverName && { serverName: inboundOf(call)?.serverName ?? '' }),
      })
      const connection = outgoing ? report.connection : inboundOf(call)
      count('tcp', 0, report.flags, report.cluster, report.endpoint, connection)
    },
  }
}

const inboundOf = (call: OutboundCall | InboundCall): Connection | undefined =>
  'connection' in call ? call.connection : undefined
