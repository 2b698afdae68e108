import { checkDestination, checkDestinations, type Destination, type RouteDestination } from './destination.ts'
import type { Findings } from './findings.ts'
import { checkGatewayNames, checkLabels, isDnsLabel, portProblem } from './names.ts'
import { matchRegexProblem } from './regex.ts'

export interface StringMatch {
  exact?: string
  prefix?: string
  regex?: string
}

export interface HttpMatch {
  name?: string
  uri?: StringMatch
  scheme?: StringMatch
  method?: StringMatch
  authority?: StringMatch
  headers?: Record<string, StringMatch>
  withoutHeaders?: Record<string, StringMatch>
  queryParams?: Record<string, StringMatch>
  port?: number
  sourceLabels?: Record<string, string>
  sourceNamespace?: string
  gateways?: string[]
  [field: string]: unknown
}

interface HeaderOperations {
  set?: Record<string, string>
  add?: Record<string, string>
  remove?: string[]
}

interface Headers {
  request?: HeaderOperations
  response?: HeaderOperations
}

interface Percentage {
  value?: number
}

export interface HttpRoute {
  name?: string
  match?: HttpMatch[]
  route?: (RouteDestination & { headers?: Headers })[]
  redirect?: { uri?: string; authority?: string; scheme?: string; redirectCode?: number; port?: number }
  directResponse?: { status?: number }
  delegate?: { name?: string; namespace?: string }
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match?: string; rewrite?: string } }
  fault?: {
    delay?: { fixedDelay?: string; percentage?: Percentage; percent?: number }
    abort?: { httpStatus?: number; percentage?: Percentage }
  }
  timeout?: string
  retries?: { attempts?: number; perTryTimeout?: string; retryOn?: string }
  mirror?: Destination
  mirrorPercent?: number
  mirrorPercentage?: Percentage
  mirrors?: { destination?: Destination; percentage?: Percentage }[]
  corsPolicy?: { allowOrigins?: StringMatch[]; allowMethods?: string[]; allowHeaders?: string[]; maxAge?: string }
  headers?: Headers
}

/** `root` delegates, `delegate` is delegated to, `independent` does neither. */
export type RouteKind = 'root' | 'delegate' | 'independent'

export function checkHttpRoute(findings: Findings, route: HttpRoute, kind: RouteKind): void {
  if (kind === 'root') {
    checkRootRoute(findings, route)
    return
  }
  if (kind === 'delegate' && route.delegate !== undefined) findings.error('delegate HTTP route cannot contain delegate')
  checkAction(findings, route)
  for (const match of route.match ?? []) checkMatch(findings, match)
  checkRedirect(findings, route)
  if (route.directResponse !== undefined) {
    const status = route.directResponse.status ?? 0
    if (!isHttpStatus(status)) findings.error(`HTTP status ${status} is not in range 200-599`)
  }
  checkHeaders(findings, route.headers)
  checkFault(findings, route)
  checkCors(findings, route.corsPolicy)
  checkMirrors(findings, route)
  checkDestinations(findings, route.route ?? [])
  for (const destination of route.route ?? []) checkHeaders(findings, destination.headers)
  checkRetries(findings, route.retries)
  checkRewrite(findings, route.rewrite)
}

function checkRootRoute(findings: Findings, route: HttpRoute): void {
  const name = route.name ?? ''
  for (const field of ['route', 'redirect', 'fault'] as const) {
    const value = route[field]
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
    findings.error(`root HTTP route ${name} must not specify ${field}`)
  }
  for (const match of route.match ?? []) checkMatch(findings, match)
}

function checkAction(findings: Findings, route: HttpRoute): void {
  const hasRoute = (route.route ?? []).length > 0
  if (route.redirect !== undefined) {
    if (hasRoute) findings.error('HTTP route cannot contain both route and redirect')
    if (route.fault !== undefined) findings.error('HTTP route cannot contain both fault and redirect')
    if (route.rewrite !== undefined) findings.error('HTTP route rule cannot contain both rewrite and redirect')
    if (route.directResponse !== undefined)
      findings.error('HTTP route rule cannot contain both direct_response and redirect')
  } else if (route.directResponse !== undefined) {
    if (hasRoute) findings.error('HTTP route cannot contain both route and direct_response')
    if (route.fault !== undefined) findings.error('HTTP route cannot contain both fault and direct_response')
    if (route.rewrite !== undefined) findings.error('HTTP route rule cannot contain both rewrite and direct_response')
  } else if (!hasRoute) findings.error('HTTP route, redirect or direct_response is required')
}

function checkMatch(findings: Findings, match: HttpMatch): void {
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      if (field !== 'queryParams') checkHeaderName(findings, name)
      checkRegex(findings, field, value)
    }
  }
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) checkRegex(findings, field, match[field])
  if (match.port !== undefined && match.port !== 0) {
    const problem = portProblem(match.port)
    if (problem !== undefined) findings.error(problem)
  }
  checkLabels(findings, match.sourceLabels)
  checkGatewayNames(findings, match.gateways)
  const namespace = match.sourceNamespace
  if (namespace !== undefined && namespace !== '' && !isDnsLabel(namespace))
    findings.error(`sourceNamespace match ${namespace} is invalid`)
}

function checkRegex(findings: Findings, field: string, match: StringMatch | undefined): void {
  const pattern = match?.regex
  if (pattern === undefined || pattern === '') return
  const problem = matchRegexProblem(field, pattern)
  if (problem !== undefined) findings.error(problem)
}

function checkRedirect(findings: Findings, { redirect }: HttpRoute): void {
  if (redirect === undefined) return
  const { uri = '', authority = '', scheme = '', redirectCode = 0, port } = redirect
  if (uri === '' && authority === '' && redirectCode === 0 && port === undefined && scheme === '') {
    findings.error('redirect must specify URI, authority, scheme, or port')
  }
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    findings.error(`${redirectCode} is not a valid redirect code, must be 3xx`)
  }
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https')
    findings.error('invalid redirect scheme, must be "http" or "https"')
  if (port !== undefined && port > 0) {
    const problem = portProblem(port)
    if (problem !== undefined) findings.error(problem)
  }
}

function checkHeaderName(findings: Findings, name: string): void {
  if (name === '') findings.error('header name cannot be empty')
}

function checkHeaders(findings: Findings, headers: Headers | undefined): void {
  for (const operations of [headers?.request, headers?.response]) {
    for (const name of [...Object.keys(operations?.set ?? {}), ...Object.keys(operations?.add ?? {})])
      checkHeaderName(findings, name)
    for (const name of operations?.remove ?? []) {
      checkHeaderName(findings, name)
      if (name.startsWith(':')) findings.error(`invalid header "${name}": header cannot have ":" prefix`)
    }
  }
}

function checkFault(findings: Findings, { fault }: HttpRoute): void {
  if (fault === undefined) return
  const { delay, abort } = fault
  if (delay === undefined && abort === undefined)
    findings.error('HTTP fault injection must have an abort and/or a delay')
  if (abort !== undefined) {
    checkFaultPercentage(findings, abort.percentage)
    const status = abort.httpStatus
    if (status !== undefined && !isHttpStatus(status)) findings.error(`HTTP status ${status} is not in range 200-599`)
  }
  if (delay !== undefined) checkFaultPercentage(findings, delay.percentage)
}

function checkFaultPercentage(findings: Findings, percentage: Percentage | undefined): void {
  const value = percentage?.value
  if (value === undefined || value === 0 || (value >= 0.0001 && value <= 100)) return
  findings.error(`percentage ${goFloat(value)} is neither 0.0, nor in range [0.0001, 100.0]`)
}

/** As Go prints a float with %v: small ones with an exponent of two digits. */
function goFloat(value: number): string {
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([-+])(\d)$/, 'e$10$2')
}

/** istiod's sentence says 599, its check lets 600 pass. */
function isHttpStatus(status: number): boolean {
  return status >= 200 && status <= 600
}

function checkMirrors(findings: Findings, route: HttpRoute): void {
  if (route.mirror !== undefined) checkDestination(findings, route.mirror)
  if (route.mirrorPercent !== undefined)
    findings.warn('using deprecated setting "mirrorPercent", use "mirrorPercentage" instead')
  const value = route.mirrorPercentage?.value
  if (value !== undefined && value > 100) {
    findings.error(`mirror_percentage must have a max value of 100 (it has ${value.toFixed(6)})`)
  }
  for (const mirror of route.mirrors ?? []) {
    if (mirror.destination !== undefined) checkDestination(findings, mirror.destination)
    const share = mirror.percentage?.value
    if (share === undefined) continue
    if (share > 100) findings.error(`mirror percentage must have a max value of 100 (it has ${share.toFixed(6)})`)
    if (share < 0) findings.error(`mirror percentage must have a min value of 0 (it has ${share.toFixed(6)})`)
  }
}

const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*']

function checkCors(findings: Findings, policy: HttpRoute['corsPolicy']): void {
  if (policy === undefined) return
  for (const origin of policy.allowOrigins ?? []) {
    const { exact, prefix, regex } = origin
    if (exact === undefined && prefix === undefined && regex === undefined) {
      findings.error("'' is not a valid match type for CORS allow origins")
    }
    checkRegex(findings, 'corsPolicy.allowOrigins', origin)
  }
  for (const method of policy.allowMethods ?? []) {
    if (!methods.includes(method)) findings.error(`"${method}" is not a supported HTTP method`)
  }
  for (const name of policy.allowHeaders ?? []) checkHeaderName(findings, name)
  const seconds = /^([\d.]+)s$/.exec(policy.maxAge ?? '')
  if (/ms|us|ns/.test(policy.maxAge ?? '') || (seconds?.[1] !== undefined && !Number.isInteger(Number(seconds[1])))) {
    findings.listed('max_age duration is accurate only to seconds precision')
  }
}

const retryPolicies: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]

function checkRetries(findings: Findings, retries: HttpRoute['retries']): void {
  if (retries === undefined) return
  const { attempts = 0, perTryTimeout, retryOn } = retries
  if (attempts < 0) {
    findings.listed('attempts cannot be negative')
    return
  }
  if (attempts === 0 && (perTryTimeout !== undefined || (retryOn !== undefined && retryOn !== ''))) {
    findings.error('http retry policy configured when attempts are set to 0 (disabled)')
  }
  if (retryOn === undefined || retryOn === '') return
  for (const policy of retryOn.split(',')) {
    const isStatus = /^\d+$/.test(policy) && Number(policy) >= 100 && Number(policy) <= 599
    if (!isStatus && !retryPolicies.includes(policy.trim())) findings.error(`"${policy}" is not a valid retryOn policy`)
  }
}

function checkRewrite(findings: Findings, rewrite: HttpRoute['rewrite']): void {
  if (rewrite === undefined) return
  const { uri = '', authority = '', uriRegexRewrite } = rewrite
  if (uri !== '' && uriRegexRewrite !== undefined)
    findings.error('rewrite may only contain one of URI or UriRegexRewrite')
  if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    findings.error(
      'rewrite must specify at least one of URI, UriRegexRewrite, or authority. Only one of URI or UriRegexRewrite may be specified',
    )
  }
  if (uriRegexRewrite === undefined) return
  const { match = '', rewrite: replacement = '' } = uriRegexRewrite
  if (match === '' || replacement === '') {
    findings.error('UriRegexRewrite has errors\nUriRegexRewrite requires both Rewrite and Match fields to be specified')
    return
  }
  const problem = matchRegexProblem('HTTPRewrite.UriRegexRewrite.Match', match)
  if (problem !== undefined) findings.error(`UriRegexRewrite has errors\n${problem}`)
}
