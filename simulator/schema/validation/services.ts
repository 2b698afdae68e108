import { duplicate, forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { cidr, dnsLabel, dnsSubdomain, ipAddress, portName } from './names.ts'
import { each, oneOf, portNumber, textObeys } from './rules.ts'
import { checkLabels } from './selectors.ts'

const isHeadless = (spec: Tree): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None'

function checkPort(port: Tree, path: string, needsName: boolean, headless: boolean): Cause[] {
  const causes: Cause[] = []
  if (needsName && !port.name) causes.push(required(`${path}.name`))
  else if (port.name) {
    causes.push(
      ...(port.name.includes('.')
        ? [invalid(`${path}.name`, port.name, 'must not contain dots')]
        : textObeys(port.name, `${path}.name`, dnsLabel)),
    )
  }
  causes.push(...portNumber(port.port, `${path}.port`))
  causes.push(
    ...(port.protocol
      ? oneOf(port.protocol, `${path}.protocol`, ['SCTP', 'TCP', 'UDP'])
      : [required(`${path}.protocol`)]),
  )
  const target = port.targetPort
  if (typeof target === 'string') causes.push(...textObeys(target, `${path}.targetPort`, portName))
  else if (!headless || target !== undefined) causes.push(...portNumber(target, `${path}.targetPort`))
  return causes
}

function checkPorts(spec: Tree): Cause[] {
  const ports: Tree[] = spec.ports ?? []
  const headless = isHeadless(spec)
  if (ports.length === 0) return headless || spec.type === 'ExternalName' ? [] : [required('spec.ports')]
  const names = new Set<string>()
  const numbers = new Set<string>()
  return each(ports, 'spec.ports', (port, at) => {
    const causes = checkPort(port, at, ports.length > 1, headless)
    if (port.name && names.has(port.name)) causes.push(duplicate(`${at}.name`, port.name))
    names.add(port.name)
    const number = `${port.protocol}/${port.port}`
    if (numbers.has(number)) causes.push(duplicate(at, { port: port.port, protocol: port.protocol }))
    numbers.add(number)
    return causes
  })
}

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

function checkType(spec: Tree): Cause[] {
  if (spec.type === 'ExternalName')
    return spec.externalName
      ? textObeys(String(spec.externalName).replace(/\.$/, ''), 'spec.externalName', dnsSubdomain)
      : [required('spec.externalName')]
  if (isHeadless(spec) && (spec.type === 'NodePort' || spec.type === 'LoadBalancer'))
    return [invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`)]
  return []
}

const isBalancer = ({ type }: Tree): boolean => type === 'LoadBalancer'
const isExternal = (spec: Tree): boolean => spec.type === 'NodePort' || isBalancer(spec) || spec.externalIPs?.length > 0

function checkPolicies(spec: Tree): Cause[] {
  const causes: Cause[] = []
  const policy = spec.externalTrafficPolicy
  if (policy && !isExternal(spec))
    causes.push(invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'))
  else if (policy) causes.push(...oneOf(policy, 'spec.externalTrafficPolicy', ['Cluster', 'Local']))
  if (spec.internalTrafficPolicy)
    causes.push(...oneOf(spec.internalTrafficPolicy, 'spec.internalTrafficPolicy', ['Cluster', 'Local']))
  for (const name of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'])
    if (spec[name] !== undefined && !isBalancer(spec))
      causes.push(forbidden(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'"))
  if (spec.trafficDistribution !== undefined)
    causes.push(
      ...oneOf(spec.trafficDistribution, 'spec.trafficDistribution', [
        'PreferClose',
        'PreferSameZone',
        'PreferSameNode',
      ]),
    )
  return causes
}

/** A cluster with IPv4 alone. */
function checkFamilies(spec: Tree): Cause[] {
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  const causes = spec.ipFamilyPolicy === undefined ? [] : oneOf(spec.ipFamilyPolicy, 'spec.ipFamilyPolicy', policies)
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    causes.push(
      invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'),
    )
  causes.push(
    ...each(spec.ipFamilies, 'spec.ipFamilies', (family, at) =>
      family === 'IPv6' ? [invalid(at, family, 'not configured on this cluster')] : oneOf(family, at, ['IPv4', 'IPv6']),
    ),
  )
  return causes
}

export function checkService({ spec }: Tree): Cause[] {
  return [
    ...checkPorts(spec),
    ...checkType(spec),
    ...(spec.clusterIP && spec.clusterIP !== 'None' && !spec.clusterIPs
      ? textObeys(spec.clusterIP, 'spec.clusterIPs[0]', ipAddress)
      : []),
    ...checkLabels(spec.selector, 'spec.selector'),
    ...(spec.sessionAffinity
      ? oneOf(spec.sessionAffinity, 'spec.sessionAffinity', ['ClientIP', 'None'])
      : [required('spec.sessionAffinity')]),
    ...each(spec.externalIPs, 'spec.externalIPs', (ip, at) => textObeys(ip, at, ipAddress)),
    ...(spec.type
      ? types.includes(spec.type)
        ? []
        : [notSupported('spec.type', spec.type, types)]
      : [required('spec.type')]),
    ...each(spec.loadBalancerSourceRanges, 'spec.LoadBalancerSourceRanges', (range, at) => textObeys(range, at, cidr)),
    ...checkPolicies(spec),
    ...checkFamilies(spec),
  ]
}

export function checkServiceUpdate({ spec }: Tree, old: Tree): Cause[] {
  const fixed = spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName' && old.spec.clusterIPs?.length > 0
  if (!fixed || spec.clusterIPs === undefined || sameTree(spec.clusterIPs[0], old.spec.clusterIPs[0])) return []
  return [invalid('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set')]
}
