import type { KubeObject } from '../../kubernetes/index.ts'
import { actsOn, namesService, shownName, type MeshObjects } from './mesh-objects.ts'

/** Of a DestinationRule: those that some pod belongs to, and the others. */
export interface Subsets {
  rule: KubeObject | undefined
  matching: string[]
  others: string[]
}

/** The rule of a service, and its subsets with and without these pods. */
export function subsetsOf(mesh: MeshObjects, service: KubeObject, pods: readonly KubeObject[]): Subsets {
  const rule = mesh.destinationRules.find((one) => namesService(one['spec']?.host ?? '', one, service))
  const subsets: { name: string; labels?: Record<string, string> }[] = rule?.['spec'].subsets ?? []
  const fits = ({ labels = {} }: (typeof subsets)[number]): boolean =>
    pods.some((pod) => Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value))
  const names = (wanted: boolean) => subsets.filter((subset) => fits(subset) === wanted).map(({ name }) => name)
  return { rule, matching: names(true), others: names(false) }
}

export function destinationRuleLines(mesh: MeshObjects, { rule, matching, others }: Subsets): string {
  if (rule === undefined) return ''
  const lines = [
    `DestinationRule: ${shownName(rule, mesh.here)} for "${rule['spec'].host}"`,
    ...(matching.length > 0 ? [`   Matching subsets: ${matching.join(',')}`] : []),
    ...(matching.length > 0 && others.length > 0 ? [`      (Non-matching subsets ${others.join(',')})`] : []),
    ...(matching.length === 0 && others.length > 0
      ? [`  WARNING POD DOES NOT MATCH ANY SUBSETS.  (Non matching subsets ${others.join(',')})`]
      : []),
    ...trafficPolicyLines(rule['spec'].trafficPolicy),
  ]
  return `${lines.join('\n')}\n`
}

function trafficPolicyLines(
  policy:
    | {
        tls?: { mode?: string }
        loadBalancer?: { simple?: string }
        connectionPool?: object
        outlierDetection?: object
      }
    | undefined,
): string[] {
  if (policy === undefined) return ['   No Traffic Policy']
  const parts = [
    ...(policy.loadBalancer === undefined ? [] : ['load balancer']),
    ...(policy.connectionPool === undefined ? [] : ['connection pool']),
    ...(policy.outlierDetection === undefined ? [] : ['outlier detection']),
  ]
  return [
    ...(policy.tls === undefined ? [] : [`   Traffic Policy TLS Mode: ${policy.tls.mode ?? 'DISABLE'}`]),
    ...(parts.length > 0 ? [`   Policies: ${parts.join('/')}`] : []),
  ]
}

type StringMatch = Record<string, string>
interface Match {
  uri?: StringMatch
  ignoreUriCase?: boolean
  headers?: Record<string, StringMatch>
}
interface Route {
  match?: Match[]
  route?: { destination?: { host?: string; subset?: string }; weight?: number }[]
}

/** VirtualServices that route to a service from inside the mesh. */
export function virtualServiceLines(mesh: MeshObjects, service: KubeObject, subsets: Subsets): string {
  return mesh.virtualServices
    .filter((one) => inMesh(one) && routesTo(one, service))
    .map((one) => `VirtualService: ${shownName(one, mesh.here)}\n${routeLines(mesh, one, service, subsets)}`)
    .join('')
}

function inMesh(one: KubeObject): boolean {
  const gateways: string[] = one['spec']?.gateways ?? []
  return gateways.length === 0 || gateways.includes('mesh')
}

function routesTo(one: KubeObject, service: KubeObject): boolean {
  const hosts: string[] = one['spec']?.hosts ?? []
  const routes: Route[] = one['spec']?.http ?? []
  const destinations = routes.flatMap((route) => (route.route ?? []).map(({ destination }) => destination?.host ?? ''))
  return [...hosts, ...destinations].some((host) => namesService(host, one, service))
}

/** What its routes do for the pods of a service. Source: istioctl/pkg/describe/describe.go `printVirtualService`. */
function routeLines(mesh: MeshObjects, one: KubeObject, service: KubeObject, subsets: Subsets): string {
  const routes: Route[] = one['spec']?.http ?? []
  const facts: string[] = []
  const mismatches: string[] = []
  let reaching = 0
  for (const route of routes) {
    const judged = judgeRoute(route, one, { mesh, service, subsets })
    if (judged.reaches) reaching += 1
    ;(judged.reaches ? facts : mismatches).push(...judged.lines)
  }
  const unreached = routes.length - reaching
  const lines =
    reaching === 0
      ? [
          `   WARNING: No destinations match pod subsets (checked ${routes.length} HTTP routes)`,
          ...mismatches.map((line) => `      ${line}`),
        ]
      : [
          ...facts.map((line) => `   ${line}`),
          ...(unreached > 0 ? [`   ${unreached} additional destination(s) that will not reach this pod`] : []),
          ...(unreached > 0 && facts.length === 0 ? mismatches.map((line) => `      ${line}`) : []),
          ...(unreached === 0 && facts.length === 0 ? [`   ${routes.length} HTTP route(s)`] : []),
        ]
  return `${lines.join('\n')}\n`
}

function judgeRoute(
  route: Route,
  one: KubeObject,
  { mesh, service, subsets }: { mesh: MeshObjects; service: KubeObject; subsets: Subsets },
): { reaches: boolean; lines: string[] } {
  const facts: string[] = []
  const mismatches: string[] = []
  let reaches = false
  for (const { destination: { host = '', subset = '' } = {}, weight = 0 } of route.route ?? []) {
    if (!namesService(host, one, service)) {
      facts.push(
        subset === '' ? `Route to host "${host}" with weight ${weight}%` : `Route to ${host} with invalid config`,
      )
    } else if (subsets.others.includes(subset)) {
      mismatches.push(`Route to non-matching subset ${subset} for (${matchesText(route.match ?? [])})`)
    } else if (subset !== '' && !subsets.matching.includes(subset)) {
      mismatches.push(
        subsets.rule === undefined
          ? `Warning: Route to subset ${subset} but NO DESTINATION RULE defining subsets!`
          : `Warning: Route to UNKNOWN subset ${subset}; check DestinationRule ${shownName(subsets.rule, mesh.here)}`,
      )
    } else {
      reaches = true
      const named = subset === '' ? '' : ` subset "${subset}"`
      if (weight > 0) facts.push(`Route to host "${host}"${named} with weight ${weight}%`)
    }
  }
  const matches = route.match ?? []
  if (reaches && matches.length > 0) facts.push(matches.map(matchText).join(', '))
  return { reaches, lines: reaches ? facts : [...facts, ...mismatches] }
}

const matchesText = (matches: readonly Match[]): string =>
  matches.length === 0 ? 'everything' : matches.map(matchText).join(', ')

function matchText({ uri, ignoreUriCase, headers = {} }: Match): string {
  const path = uri === undefined ? '' : `${stringMatch(uri)}${ignoreUriCase === true ? ' uncased' : ''}`
  const conditions = Object.entries(headers).map(([name, value]) => `${name}=${stringMatch(value)}`)
  return `Match: ${path}${conditions.length === 0 ? '' : ` when headers are ${conditions.join('; ')}`}`.trimEnd()
}

function stringMatch(match: StringMatch): string {
  if (match['exact'] !== undefined) return match['exact']
  if (match['prefix'] !== undefined) return `${match['prefix']}*`
  return Object.entries(match)
    .map(([kind, value]) => `${kind}:${JSON.stringify(value)}`)
    .join(' ')
}

/** Gateways through which the service is reached from outside. */
export function gatewayLines(mesh: MeshObjects, service: KubeObject): string {
  return mesh.virtualServices
    .filter((one) => !inMesh(one) && routesTo(one, service))
    .map((one) => {
      const gateways: string[] = one['spec']?.gateways ?? []
      const hosts: string[] = one['spec']?.hosts ?? []
      return `--------------------\nExposed on Ingress Gateway ${gateways.join(', ')} for ${hosts.join(', ')}\nVirtualService: ${shownName(one, mesh.here)}\n${routeLines(mesh, one, service, subsetsOf(mesh, service, []))}`
    })
    .join('')
}

/** The mode that counts for the pod: workload before namespace before mesh. Source: policy_applier.go. */
export function peerAuthenticationLines(mesh: MeshObjects, pod: KubeObject): string {
  const selects = (policy: KubeObject): boolean => Object.keys(policy['spec']?.selector?.matchLabels ?? {}).length > 0
  const rank = (policy: KubeObject): number =>
    policy.metadata.namespace !== mesh.namespace ? 0 : selects(policy) ? 2 : 1
  const applied = mesh.peerAuthentications
    .filter((policy) => actsOn(policy, pod) && (policy.metadata.namespace === mesh.namespace || !selects(policy)))
    .toSorted((a, b) => rank(a) - rank(b))
  const mode = applied.reduce((current: string, policy) => {
    const own: string = policy['spec']?.mtls?.mode ?? 'UNSET'
    return own === 'UNSET' ? current : own
  }, 'PERMISSIVE')
  const names = applied.map((policy) => `${policy.metadata.name}.${policy.metadata.namespace ?? ''}`)
  const lines = ['Effective PeerAuthentication:', `   Workload mTLS mode: ${mode}`]
  if (names.length > 0) lines.push('Applied PeerAuthentication:', `   ${names.join(', ')}`)
  return `${lines.join('\n')}\n`
}

/** As the proxy's filters name them: one for each rule, and one for an ALLOW policy that has none. Denials come first. */
export function policyLines(mesh: MeshObjects, pod: KubeObject): string {
  const ranks = ['CUSTOM', 'DENY', 'ALLOW', 'AUDIT']
  const actionOf = (policy: KubeObject): string => policy['spec']?.action ?? 'ALLOW'
  const names = mesh.authorizationPolicies
    .filter((policy) => actsOn(policy, pod))
    .toSorted(
      (a, b) => ranks.indexOf(actionOf(a)) - ranks.indexOf(actionOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1),
    )
    .flatMap((policy) => {
      const rules: unknown[] = policy['spec']?.rules ?? (actionOf(policy) === 'ALLOW' ? [{}] : [])
      return rules.map(
        (_, index) => `ns[${policy.metadata.namespace ?? ''}]-policy[${policy.metadata.name}]-rule[${index}]`,
      )
    })
  return names.length === 0 ? '' : `RBAC policies: ${names.join(', ')}\n`
}
