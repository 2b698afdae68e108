import type { Tree } from '../../schema/tree.ts'
import { firstOf, formatLabels, formatSelector, since } from './format.ts'

type Row = (object: Tree, now: number) => unknown[]
const ageOf = (object: Tree, now: number): string => since(object.metadata.creationTimestamp, now)
const mostShown = 3

function addresses(status: Tree): string {
  const all = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }: Tree) => ip || hostname || '')
  return [...new Set<string>(all)].filter(Boolean).sort().join(',')
}

function externalAddress({ spec, status }: Tree): string {
  const external = (spec.externalIPs ?? []).join(',')
  if (spec.type === 'ExternalName') return spec.externalName
  if (spec.type !== 'LoadBalancer') return external || '<none>'
  return [addresses(status), external].filter(Boolean).join(',') || '<pending>'
}

function servicePorts(ports: Tree[] = []): string {
  const texts = ports.map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
  return texts.join(',') || '<none>'
}

const service: Row = (object, now) => [
  object.metadata.name,
  object.spec.type,
  object.spec.clusterIPs?.[0] || object.spec.clusterIP || '<none>',
  externalAddress(object),
  servicePorts(object.spec.ports),
  ageOf(object, now),
  formatLabels(object.spec.selector),
]

const bracketed = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip)

function endpointTexts(subsets: Tree[] = []): string[] {
  return subsets.flatMap((subset) => {
    const ips: string[] = (subset.addresses ?? []).map(({ ip }: Tree) => ip)
    if (!subset.ports?.length) return ips
    return subset.ports.flatMap(({ port }: Tree) => ips.map((ip) => `${bracketed(ip)}:${port}`))
  })
}

const endpoints: Row = (object, now) => [
  object.metadata.name,
  firstOf(endpointTexts(object.subsets), mostShown, '<none>'),
  ageOf(object, now),
]

const endpointSlice: Row = (object, now) => {
  const ports = (object.ports ?? []).map(({ port, name }: Tree) => `${port ?? (name || '*')}`)
  const all = (object.endpoints ?? []).flatMap((endpoint: Tree) => endpoint.addresses ?? [])
  return [
    object.metadata.name,
    object.addressType,
    firstOf(ports, mostShown, '<unset>'),
    firstOf(all, mostShown, '<unset>'),
    ageOf(object, now),
  ]
}

const ingress: Row = (object, now) => {
  const hosts = (object.spec.rules ?? []).map(({ host }: Tree) => host).filter(Boolean)
  return [
    object.metadata.name,
    object.spec.ingressClassName ?? object.metadata.annotations?.['kubernetes.io/ingress.class'] ?? '<none>',
    firstOf(hosts, mostShown, '*'),
    addresses(object.status),
    object.spec.tls?.length ? '80, 443' : '80',
    ageOf(object, now),
  ]
}

const ingressClass: Row = (object, now) => {
  const parameters = object.spec?.parameters
  const group = parameters?.apiGroup ? `.${parameters.apiGroup}` : ''
  return [
    object.metadata.name,
    object.spec?.controller ?? '',
    parameters ? `${parameters.kind}${group}/${parameters.name}` : '<none>',
    ageOf(object, now),
  ]
}

const ipAddress: Row = (object) => {
  const { group, resource, namespace, name } = object.spec.parentRef
  return [
    object.metadata.name,
    [resource + (group ? `.${group}` : ''), namespace, name].filter(Boolean).join('/'),
    '0s',
  ]
}

export const networkRows: Record<string, Row> = {
  '/v1/services': service,
  '/v1/endpoints': endpoints,
  'discovery.k8s.io/v1/endpointslices': endpointSlice,
  'networking.k8s.io/v1/ingresses': ingress,
  'networking.k8s.io/v1/ingressclasses': ingressClass,
  'networking.k8s.io/v1/networkpolicies': (object, now) => [
    object.metadata.name,
    formatSelector(object.spec.podSelector),
    ageOf(object, now),
  ],
  'networking.k8s.io/v1/ipaddresses': ipAddress,
  'networking.k8s.io/v1/servicecidrs': (object, now) => [
    object.metadata.name,
    (object.spec.cidrs ?? []).join(','),
    ageOf(object, now),
  ],
}
