import type { Findings } from './findings.ts'
import { regexProblem } from './regex.ts'

interface ConfigPatch {
  applyTo?: string
  match?: {
    context?: string
    proxy?: { proxyVersion?: string }
    listener?: { filterChain?: { filter?: { name?: string; subFilter?: { name?: string } } } }
    routeConfiguration?: unknown
    cluster?: unknown
  }
  patch?: { operation?: string; value?: Record<string, unknown> }
}

const internalDetails =
  'EnvoyFilter exposes internal implementation details that may change at any time. Prefer other APIs if possible, and exercise extreme caution, especially around upgrades.'

/** Names of filters before Envoy's API v3. */
const oldFilterNames: Readonly<Record<string, string>> = {
  'envoy.buffer': 'envoy.filters.http.buffer',
  'envoy.cors': 'envoy.filters.http.cors',
  'envoy.fault': 'envoy.filters.http.fault',
  'envoy.router': 'envoy.filters.http.router',
  'envoy.http_connection_manager': 'envoy.filters.network.http_connection_manager',
  'envoy.tcp_proxy': 'envoy.filters.network.tcp_proxy',
}

export function validateEnvoyFilter(spec: { configPatches?: ConfigPatch[] }, findings: Findings): void {
  findings.warn(internalDetails)
  for (const patch of spec.configPatches ?? []) checkPatch(findings, patch)
}

function checkPatch(findings: Findings, { applyTo = 'INVALID', match, patch }: ConfigPatch): void {
  if (applyTo === 'INVALID') {
    findings.error('Envoy filter: missing applyTo')
    return
  }
  if (patch === undefined) {
    findings.error('Envoy filter: missing patch')
    return
  }
  const { operation = 'INVALID', value } = patch
  if (operation === 'INVALID') {
    findings.error('Envoy filter: missing patch operation')
    return
  }
  if (operation !== 'REMOVE' && value === undefined) {
    findings.error('Envoy filter: missing patch value for non-remove operation')
    return
  }
  const version = match?.proxy?.proxyVersion
  if (version !== undefined && version !== '') {
    const problem = regexProblem(version)
    if (problem !== undefined) {
      findings.error(`Envoy filter: invalid regex for proxy version, [${problem}]`)
      return
    }
  }
  checkMatch(findings, applyTo, match)
  checkNames(findings, match, applyTo.endsWith('_FILTER') ? value : undefined)
}

function checkMatch(findings: Findings, applyTo: string, match: ConfigPatch['match']): void {
  const { listener, routeConfiguration, cluster } = match ?? {}
  const other = (...values: unknown[]): boolean => values.some((value) => value !== undefined)
  if (['LISTENER', 'FILTER_CHAIN', 'NETWORK_FILTER', 'HTTP_FILTER', 'LISTENER_FILTER'].includes(applyTo)) {
    if (other(routeConfiguration, cluster)) {
      findings.error('Envoy filter: applyTo for listener class objects cannot have non listener match')
      return
    }
    if (applyTo !== 'HTTP_FILTER' && listener?.filterChain?.filter?.subFilter !== undefined) {
      findings.error('Envoy filter: subfilter match can be used with applyTo HTTP_FILTER only')
    }
  } else if (['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'].includes(applyTo)) {
    if (other(listener, cluster)) {
      findings.error('Envoy filter: applyTo for http route class objects cannot have non route configuration match')
    }
  } else if (applyTo === 'CLUSTER' && other(listener, routeConfiguration)) {
    findings.error('Envoy filter: applyTo for cluster class objects cannot have non cluster match')
  }
}

function checkNames(findings: Findings, match: ConfigPatch['match'], value: Record<string, unknown> | undefined): void {
  const filter = match?.listener?.filterChain?.filter
  for (const name of [filter?.name, filter?.subFilter?.name]) {
    const current = name === undefined ? undefined : oldFilterNames[name]
    if (current !== undefined) findings.warn(`using deprecated filter name "${name}"; use "${current}" instead`)
  }
  const name = value?.['name']
  if (typeof name === 'string' && value?.['typed_config'] === undefined && Object.keys(value ?? {}).length === 1) {
    findings.warn(`using deprecated types by name without typed_config; ${name}`)
  }
}
