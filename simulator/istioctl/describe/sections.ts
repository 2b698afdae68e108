import type { KubeObject } from '../../kubernetes/index.ts'
import { actsOn, namesService, type MeshObjects } from './mesh-objects.ts'

function nameIn(object: KubeObject, namespace: string): string {
  return object.metadata.namespace === namespace && namespace === 'default'
    ? object.metadata.name
    : `${object.metadata.name}.${object.metadata.namespace ?? ''}`
}

/** DestinationRules of a service: which of their subsets the pod belongs to, and what they set. */
export function destinationRuleLines(mesh: MeshObjects, service: KubeObject, pod: KubeObject): string {
  return mesh.destinationRules
    .filter((rule) => namesService(rule['spec']?.host ?? '', rule, service))
    .map((rule) => {
      const subsets: { name: string; labels?: Record<string, string> }[] = rule['spec'].subsets ?? []
      const fits = (subset: (typeof subsets)[number]): boolean =>
        Object.entries(subset.labels ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value)
      const matching = subsets.filter(fits).map((subset) => subset.name)
      const others = subsets.filter((subset) => !fits(subset)).map((subset) => subset.name)
      const lines = [
        `DestinationRule: ${nameIn(rule, mesh.namespace)} for "${rule['spec'].host}"`,
        ...(matching.length > 0 ? [`   Matching subsets: ${matching.join(',')}`] : []),
        ...(matching.length > 0 && others.length > 0 ? [`      (Non-matching subsets ${others.join(',')})`] : []),
        ...(matching.length === 0 && others.length > 0
          ? [`  WARNING POD DOES NOT MATCH ANY SUBSETS.  (Non matching subsets ${others.join(',')})`]
          : []),
        ...trafficPolicyLines(rule['spec'].trafficPolicy),
      ]
      return `${lines.join('\n')}\n`
    })
    .join('')
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

interface Route {
  match?: { uri?: Record<string, string>; headers?: Record<string, Record<string, string>> }[]
  route?: { destination?: { host?: string; subset?: string }; weight?: number }[]
}

/** VirtualServices that route to a service from inside the mesh. */
export function virtualServiceLines(mesh: MeshObjects, service: KubeObject): string {
  return mesh.virtualServices
    .filter((one) => inMesh(one) && routesTo(one, service))
    .map((one) => `VirtualService: ${nameIn(one, mesh.namespace)}\n${routeLines(one)}`)
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

function routeLines(one: KubeObject): string {
  const routes: Route[] = one['spec']?.http ?? []
  return routes
    .map((route) => {
      const destinations = route.route ?? []
      const target =
        destinations.length > 1 ? `   Weight ${destinations.map(({ weight = 0 }) => `${weight}%`).join(', ')}\n` : ''
      const match = (route.match ?? []).map((part) => `   Match: ${JSON.stringify(part)}\n`).join('')
      return `${target}${match === '' ? '   1 HTTP route(s)\n' : match}`
    })
    .join('')
}

/** Gateways through which the service is reached from outside. */
export function gatewayLines(mesh: MeshObjects, service: KubeObject): string {
  return mesh.virtualServices
    .filter((one) => !inMesh(one) && routesTo(one, service))
    .map((one) => {
      const gateways: string[] = one['spec']?.gateways ?? []
      const hosts: string[] = one['spec']?.hosts ?? []
      return `--------------------\nExposed on Ingress Gateway ${gateways.join(', ')} for ${hosts.join(', ')}\nVirtualService: ${nameIn(one, mesh.namespace)}\n${routeLines(one)}`
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

export function policyLines(mesh: MeshObjects, pod: KubeObject): string {
  const applied = mesh.authorizationPolicies.filter((policy) => actsOn(policy, pod))
  if (applied.length === 0) return ''
  return `RBAC policies: ${applied.map((policy) => `ns[${policy.metadata.namespace ?? ''}]-policy[${policy.metadata.name}]`).join(', ')}\n`
}
