import { duplicate, forbidden, invalid, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { cidr, dnsSubdomain, ipAddress, isIp, portName, wildcardSubdomain } from './names.ts'
import { each, immutable, oneOf, optionalText, portNumber, textObeys } from './rules.ts'
import { checkSelector } from './selectors.ts'

function checkHost(host: string, path: string): Cause[] {
  if (isIp(host)) return [invalid(path, host, 'must be a DNS name, not an IP address')]
  return textObeys(host, path, host.includes('*') ? wildcardSubdomain : dnsSubdomain)
}

function checkBackend(backend: Tree, path: string): Cause[] {
  const { service, resource } = backend ?? {}
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')]
  if (!service && !resource) return [required(path, 'port.name or port.number is required')]
  if (!service) return []
  const port = service.port ?? {}
  const causes = service.name
    ? textObeys(service.name, `${path}.service.name`, dnsSubdomain)
    : [required(`${path}.service.name`)]
  if (port.name && port.number) causes.push(invalid(path, '', 'cannot set both port name & port number'))
  else if (port.name) causes.push(...textObeys(port.name, `${path}.service.port.name`, portName))
  else if (port.number) causes.push(...portNumber(port.number, `${path}.service.port.number`))
  else causes.push(required(path, 'port name or number is required'))
  return causes
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkPath(entry: Tree, path: string): Cause[] {
  const { path: text = '', pathType } = entry
  const causes: Cause[] = []
  if (!pathType) return [required(`${path}.pathType`, 'pathType must be specified')]
  if (!pathTypes.includes(pathType)) return oneOf(pathType, `${path}.pathType`, pathTypes)
  if (pathType === 'ImplementationSpecific') {
    if (text && !text.startsWith('/')) causes.push(invalid(`${path}.path`, text, 'must be an absolute path'))
  } else {
    if (!text.startsWith('/')) causes.push(invalid(`${path}.path`, text, 'must be an absolute path'))
    for (const bad of ['//', '/./', '/../', '%2f', '%2F'])
      if (text.includes(bad)) causes.push(invalid(`${path}.path`, text, `must not contain '${bad}'`))
    for (const bad of ['/..', '/.'])
      if (text.endsWith(bad)) causes.push(invalid(`${path}.path`, text, `cannot end with '${bad}'`))
  }
  return [...causes, ...checkBackend(entry.backend, `${path}.backend`)]
}

export function checkIngress({ spec }: Tree): Cause[] {
  const causes: Cause[] = []
  if (!spec.rules?.length && !spec.defaultBackend)
    causes.push(invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'))
  if (spec.defaultBackend) causes.push(...checkBackend(spec.defaultBackend, 'spec.defaultBackend'))
  causes.push(
    ...each(spec.rules, 'spec.rules', (rule, at) => [
      ...(rule.host ? checkHost(rule.host, `${at}.host`) : []),
      ...(rule.http && !rule.http.paths?.length ? [required(`${at}.http.paths`)] : []),
      ...each(rule.http?.paths, `${at}.http.paths`, checkPath),
    ]),
    ...each(spec.tls, 'spec.tls', (tls, at) =>
      each(tls.hosts, `${at}.hosts`, (host, place) =>
        textObeys(host, place, host.includes('*') ? wildcardSubdomain : dnsSubdomain),
      ),
    ),
    ...optionalText(spec.ingressClassName, 'spec.ingressClassName', dnsSubdomain),
  )
  return causes
}

export function checkIngressClassUpdate({ spec }: Tree, old: Tree): Cause[] {
  return sameTree(spec?.controller, old.spec?.controller) ? [] : [immutable(spec?.controller, 'spec.controller')]
}

const toNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** Whether an IPv4 network lies inside another and is smaller. Other addresses are believed. */
function isInside(inner: string, outer: string): boolean {
  const [innerIp = '', innerBits] = inner.split('/')
  const [outerIp = '', outerBits] = outer.split('/')
  if (innerIp.includes(':') || outerIp.includes(':')) return true
  const size = 2 ** (32 - Number(outerBits))
  return (
    Number(innerBits) > Number(outerBits) &&
    Math.floor(toNumber(innerIp) / size) === Math.floor(toNumber(outerIp) / size)
  )
}

function checkBlock(block: Tree, path: string): Cause[] {
  if (!block.cidr) return [required(`${path}.cidr`)]
  const wrong = textObeys(block.cidr, `${path}.cidr`, cidr)
  if (wrong.length > 0) return wrong
  return each(block.except, `${path}.except`, (except, at) => {
    const bad = textObeys(except, at, cidr)
    return bad.length > 0 || isInside(except, block.cidr)
      ? bad
      : [invalid(at, except, 'must be a strict subset of `cidr`')]
  })
}

function checkPeer(peer: Tree, path: string): Cause[] {
  const causes = [
    ...checkSelector(peer.podSelector, `${path}.podSelector`),
    ...checkSelector(peer.namespaceSelector, `${path}.namespaceSelector`),
    ...(peer.ipBlock ? checkBlock(peer.ipBlock, `${path}.ipBlock`) : []),
  ]
  if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector))
    causes.push(forbidden(path, 'may not specify both ipBlock and another peer'))
  if (!peer.ipBlock && !peer.podSelector && !peer.namespaceSelector) causes.push(required(path, 'must specify a peer'))
  return causes
}

function checkPolicyPort(port: Tree, path: string): Cause[] {
  const causes = port.protocol ? oneOf(port.protocol, `${path}.protocol`, ['SCTP', 'TCP', 'UDP']) : []
  if (typeof port.port === 'number') causes.push(...portNumber(port.port, `${path}.port`))
  if (typeof port.port === 'string') causes.push(...textObeys(port.port, `${path}.port`, portName))
  if (port.endPort !== undefined) {
    if (port.port === undefined) causes.push(required(`${path}.port`, 'must be specified when `endPort` is specified'))
    else if (typeof port.port === 'string')
      causes.push(invalid(`${path}.endPort`, port.endPort, 'may not be specified when `port` is non-numeric'))
    else if (port.endPort < port.port)
      causes.push(invalid(`${path}.endPort`, port.endPort, 'must be greater than or equal to `port`'))
  }
  return causes
}

export function checkNetworkPolicy({ spec }: Tree): Cause[] {
  const rules = (list: Tree, path: string, peers: string): Cause[] =>
    each(list, path, (rule, at) => [
      ...each(rule.ports, `${at}.ports`, checkPolicyPort),
      ...each(rule[peers], `${at}.${peers}`, checkPeer),
    ])
  const types: string[] = spec.policyTypes ?? []
  const typeCauses =
    types.length > 2
      ? [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')]
      : each(types, 'spec.policyTypes', (type, at) => oneOf(type, at, ['Egress', 'Ingress']))
  return [
    ...checkSelector(spec.podSelector, 'spec.podSelector'),
    ...rules(spec.ingress, 'spec.ingress', 'from'),
    ...rules(spec.egress, 'spec.egress', 'to'),
    ...typeCauses,
  ]
}

/** Addresses that no endpoint may have. */
function checkEndpointIp(ip: string, path: string): Cause[] {
  const bad = textObeys(ip, path, ipAddress)
  if (bad.length > 0) return bad
  if (ip === '0.0.0.0' || ip === '::') return [invalid(path, ip, `may not be unspecified (${ip})`)]
  if (ip.startsWith('127.') || ip === '::1')
    return [invalid(path, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')]
  if (ip.startsWith('169.254.') || /^fe80:/i.test(ip))
    return [invalid(path, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')]
  if (ip.startsWith('224.0.0.'))
    return [invalid(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')]
  return []
}

export function checkEndpoints(object: Tree): Cause[] {
  return each(object.subsets, 'subsets', (subset, at) => {
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length)
      return [required(at, 'must specify `addresses` or `notReadyAddresses`')]
    const ips = ['addresses', 'notReadyAddresses'].flatMap((list) =>
      each(subset[list], `${at}.${list}`, ({ ip }, place) => {
        const causes = checkEndpointIp(ip, `${place}.ip`)
        return isIp(ip) ? causes : [...causes, invalid(`${place}.ip`, ip, 'must be a valid IP address')]
      }),
    )
    return [...ips, ...each(subset.ports, `${at}.ports`, (port, place) => portNumber(port.port, `${place}.port`))]
  })
}

export function checkEndpointSlice(object: Tree): Cause[] {
  const names = new Set<string>()
  const ports = each(object.ports, 'ports', (port, at) => {
    const again = names.has(port.name ?? '')
    names.add(port.name ?? '')
    return again ? [duplicate(`${at}.name`, port.name ?? '')] : []
  })
  return [
    ...oneOf(object.addressType, 'addressType', ['FQDN', 'IPv4', 'IPv6']),
    ...each(object.endpoints, 'endpoints', (endpoint, at) =>
      endpoint.addresses?.length
        ? each(endpoint.addresses, `${at}.addresses`, (address, place) =>
            object.addressType === 'FQDN' ? textObeys(address, place, dnsSubdomain) : checkEndpointIp(address, place),
          )
        : [required(`${at}.addresses`, 'must contain at least 1 address')],
    ),
    ...ports,
  ]
}
