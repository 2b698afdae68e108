import { milliseconds } from '../duration.ts'
import { qualify } from '../hosts.ts'
import type {
  CorsPolicy,
  Destination,
  FaultSpec,
  HeadersSpec,
  HttpMatchRequest,
  HttpRouteSpec,
  RetriesSpec,
} from '../specs.ts'
import { compileMatch, type Condition } from './match.ts'

/** Where a request goes, the host's name resolved. */
export interface Target {
  host: string
  subset: string
  /** Absent: the service's only port, else the port that was called. */
  port: number | undefined
}

export interface WeightedTarget extends Target {
  weight: number
  headers: HeadersSpec | undefined
}

export interface Mirror {
  target: Target
  /** 0 to 100. */
  percentage: number
}

export interface RetryPolicy {
  attempts: number
  perTryMilliseconds: number | undefined
  retryOn: readonly string[]
}

export interface CompiledMatch {
  spec: HttpMatchRequest | undefined
  /** As access logs name it: the route's name, with `.` and the match's; empty when neither has one. */
  routeName: string
  holds: Condition
}

export interface HttpRoute {
  /** Any of them; a route without matches has one that always holds. */
  matches: readonly CompiledMatch[]
  targets: readonly WeightedTarget[]
  redirect: HttpRouteSpec['redirect']
  directResponse: HttpRouteSpec['directResponse']
  rewrite: HttpRouteSpec['rewrite']
  headers: HeadersSpec | undefined
  cors: CorsPolicy | undefined
  fault: FaultSpec | undefined
  timeoutMilliseconds: number | undefined
  retries: RetryPolicy
  mirrors: readonly Mirror[]
}

/** Source: pilot/pkg/networking/core/route/retry/retry.go `DefaultPolicy` (no plain 503 since Istio 1.24). */
export const DEFAULT_RETRIES: RetryPolicy = {
  attempts: 2,
  perTryMilliseconds: undefined,
  retryOn: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
}

function retryPolicy(spec: RetriesSpec | undefined): RetryPolicy {
  if (spec === undefined) return DEFAULT_RETRIES
  const words = (spec.retryOn ?? '').split(',').map((word) => word.trim())
  const retryOn = words.filter((word) => word !== '')
  return {
    attempts: spec.attempts ?? 0,
    perTryMilliseconds: milliseconds(spec.perTryTimeout),
    retryOn: retryOn.length > 0 ? retryOn : DEFAULT_RETRIES.retryOn,
  }
}

function targetOf(destination: Destination, namespace: string): Target {
  return {
    host: qualify(destination.host, namespace),
    subset: destination.subset ?? '',
    port: destination.port?.number,
  }
}

/** Zero weights are dropped when there are several destinations; a lone one needs no weight. */
function weighted(spec: HttpRouteSpec, namespace: string): WeightedTarget[] {
  const routes = spec.route ?? []
  const targets = routes.map(({ destination, weight, headers }) => ({
    ...targetOf(destination, namespace),
    weight: routes.length === 1 ? 1 : (weight ?? 0),
    headers,
  }))
  return targets.filter((target) => target.weight > 0)
}

function mirrorsOf(spec: HttpRouteSpec, namespace: string): Mirror[] {
  const several = spec.mirrors ?? []
  if (several.length > 0) {
    return several.map(({ destination, percentage }) => ({
      target: targetOf(destination, namespace),
      percentage: percentage === undefined ? 100 : (percentage.value ?? 0),
    }))
  }
  if (spec.mirror === undefined) return []
  const percentage = spec.mirrorPercentage ? (spec.mirrorPercentage.value ?? 0) : (spec.mirrorPercent ?? 100)
  return [{ target: targetOf(spec.mirror, namespace), percentage }]
}

/** Source: route.go `TranslateRoute`. */
export function compileRoute(spec: HttpRouteSpec, namespace: string): HttpRoute {
  const name = spec.name ?? ''
  const always: CompiledMatch = { spec: undefined, routeName: name, holds: () => true }
  const matches = (spec.match ?? []).map((match) => ({
    spec: match,
    routeName: match.name === undefined ? name : `${name}.${match.name}`,
    holds: compileMatch(match, namespace),
  }))
  return {
    matches: matches.length > 0 ? matches : [always],
    targets: weighted(spec, namespace),
    redirect: spec.redirect,
    directResponse: spec.directResponse,
    rewrite: spec.rewrite,
    headers: spec.headers,
    cors: spec.corsPolicy,
    fault: spec.fault,
    timeoutMilliseconds: milliseconds(spec.timeout),
    // Timeouts and retries are not enabled together with faults. Source: istio/api virtual_service.proto, HTTPRoute.fault.
    ...(spec.fault === undefined
      ? { retries: retryPolicy(spec.retries) }
      : { timeoutMilliseconds: undefined, retries: { ...DEFAULT_RETRIES, attempts: 0 } }),
    mirrors: mirrorsOf(spec, namespace),
  }
}

/** The route of a service that no VirtualService speaks for. */
export function plainRoute(host: string, port: number): HttpRoute {
  return {
    ...compileRoute({ name: 'default' }, ''),
    targets: [{ host, subset: '', port, weight: 1, headers: undefined }],
  }
}
