import { header, type HttpRequest } from '../../kubernetes/index.ts'
import type { Configuration } from './configuration.ts'
import { isBlank, selects } from './selector.ts'
import type { Workload } from '../contract.ts'

/** The fields of Istio's access log, in the order of its text format. Absent ones are written as `-`. */
export interface AccessLogEntry {
  /** Milliseconds since 1970. */
  startTime: number
  /** Absent for a TCP connection. */
  request?: HttpRequest
  status: number
  flags: string
  details: string
  transportFailure?: string
  bytesReceived: number
  bytesSent: number
  duration: number
  serviceTime?: number
  upstreamHost?: string
  upstreamCluster?: string
  upstreamLocalAddress?: string
  downstreamLocalAddress?: string
  downstreamRemoteAddress?: string
  serverName?: string
  routeName?: string
}

const or = (value: string | number | undefined): string => (value === undefined || value === '' ? '-' : String(value))

type Fields = [name: string, value: string, quoted: boolean][]

function fields(entry: AccessLogEntry): Fields {
  const { request } = entry
  const named = (name: string): string => or(request && header(request.headers, name))
  return [
    ['response_code', String(entry.status), false],
    ['response_flags', or(entry.flags), false],
    ['response_code_details', or(entry.details), false],
    ['connection_termination_details', '-', false],
    ['upstream_transport_failure_reason', or(entry.transportFailure), true],
    ['bytes_received', String(entry.bytesReceived), false],
    ['bytes_sent', String(entry.bytesSent), false],
    ['duration', String(Math.round(entry.duration)), false],
    ['upstream_service_time', entry.serviceTime === undefined ? '-' : String(Math.round(entry.serviceTime)), false],
    ['x_forwarded_for', named('x-forwarded-for'), true],
    ['user_agent', named('user-agent'), true],
    ['request_id', named('x-request-id'), true],
    ['authority', or(request?.authority), true],
    ['upstream_host', or(entry.upstreamHost), true],
    ['upstream_cluster', or(entry.upstreamCluster), false],
    ['upstream_local_address', or(entry.upstreamLocalAddress), false],
    ['downstream_local_address', or(entry.downstreamLocalAddress), false],
    ['downstream_remote_address', or(entry.downstreamRemoteAddress), false],
    ['requested_server_name', or(entry.serverName), false],
    ['route_name', or(entry.routeName), false],
  ]
}

function originalPath(request: HttpRequest): string {
  return header(request.headers, 'x-envoy-original-path') ?? request.path
}

/** One line in Istio's default format. Source: pilot/pkg/model/telemetry_logging.go `EnvoyTextLogFormat`. */
export function textLine(entry: AccessLogEntry): string {
  const { request } = entry
  const time = new Date(entry.startTime).toISOString()
  const call = request === undefined ? '- - -' : `${request.method} ${originalPath(request)} HTTP/1.1`
  const rest = fields(entry).map(([, value, quoted]) => (quoted ? `"${value}"` : value))
  return `[${time}] "${call}" ${rest.join(' ')}`
}

const NUMBERS: readonly string[] = ['response_code', 'bytes_received', 'bytes_sent', 'duration']

/** The same as JSON, names in alphabetical order as Envoy writes them. Source: `EnvoyJSONLogFormatIstio`. */
export function jsonLine(entry: AccessLogEntry): string {
  const values: Record<string, string | number | null> = {
    start_time: new Date(entry.startTime).toISOString(),
    method: entry.request?.method ?? null,
    path: entry.request === undefined ? null : originalPath(entry.request),
    protocol: entry.request === undefined ? null : 'HTTP/1.1',
  }
  for (const [name, value] of fields(entry)) {
    const absent = value === '-' && name !== 'response_flags'
    values[name] = NUMBERS.includes(name) ? Number(value) : absent ? null : value
  }
  return JSON.stringify(Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

interface TelemetrySpec {
  selector?: { matchLabels?: Record<string, string> }
  accessLogging?: { disabled?: boolean; providers?: { name?: string }[] }[]
}

/** MeshConfig's accessLogFile, unless a Telemetry object of the workload, its namespace or the mesh says otherwise. */
export function logsAccess(configuration: Configuration, workload: Workload): boolean {
  const { telemetries, mesh } = configuration
  const fallback = mesh.accessLogFile !== ''
  if (telemetries.length === 0) return fallback
  const levels = [
    telemetries.filter((one) => one.metadata.namespace === workload.namespace && !isBlank(selectorOf(one.spec))),
    telemetries.filter((one) => one.metadata.namespace === workload.namespace && isBlank(selectorOf(one.spec))),
    telemetries.filter((one) => one.metadata.namespace === mesh.rootNamespace && isBlank(selectorOf(one.spec))),
  ]
  for (const level of levels) {
    for (const { spec } of level) {
      const logging = (spec as TelemetrySpec | undefined)?.accessLogging?.[0]
      if (logging !== undefined && selects(selectorOf(spec), workload.labels)) return logging.disabled !== true
    }
  }
  return fallback
}

const selectorOf = (spec: unknown): Record<string, string> | undefined =>
  (spec as TelemetrySpec | undefined)?.selector?.matchLabels
