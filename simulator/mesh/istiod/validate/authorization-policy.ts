import type { Findings } from './findings.ts'
import { isIpAddress } from './names.ts'
import { pathTemplateProblem } from './path-template.ts'

interface Source {
  principals?: string[]
  notPrincipals?: string[]
  requestPrincipals?: string[]
  notRequestPrincipals?: string[]
  namespaces?: string[]
  notNamespaces?: string[]
  ipBlocks?: string[]
  notIpBlocks?: string[]
  remoteIpBlocks?: string[]
  notRemoteIpBlocks?: string[]
  serviceAccounts?: string[]
  notServiceAccounts?: string[]
  trustDomains?: string[]
  notTrustDomains?: string[]
}

interface Operation {
  hosts?: string[]
  notHosts?: string[]
  ports?: string[]
  notPorts?: string[]
  methods?: string[]
  notMethods?: string[]
  paths?: string[]
  notPaths?: string[]
}

export interface Rule {
  from?: { source?: Source }[]
  to?: { operation?: Operation }[]
  when?: { key?: string; values?: string[]; notValues?: string[] }[]
}

interface TargetRef {
  kind?: string
  group?: string
  name?: string
}

interface AuthorizationPolicy {
  action?: string
  provider?: { name?: string }
  rules?: Rule[]
  targetRef?: TargetRef
  targetRefs?: TargetRef[]
}

const targets: readonly [group: string, kind: string][] = [
  ['', 'Service'],
  ['core', 'Service'],
  ['networking.istio.io', 'ServiceEntry'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'GatewayClass'],
]
const targetNames =
  'core/v1/Service networking.istio.io/v1/ServiceEntry gateway.networking.k8s.io/v1/Gateway gateway.networking.k8s.io/v1/GatewayClass'

const denyWithoutPort =
  'configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port'

export function validateAuthorizationPolicy(
  spec: AuthorizationPolicy,
  findings: Findings,
  name: { name: string; namespace: string },
): void {
  const { action = 'ALLOW', rules = [] } = spec
  const policy = `invalid policy ${name.name}.${name.namespace}`
  checkTargets(findings, policy, [
    ...(spec.targetRef === undefined ? [] : [spec.targetRef]),
    ...(spec.targetRefs ?? []),
  ])
  if ((action === 'DENY' || action === 'CUSTOM') && rules.length === 0) {
    findings.error(
      `${policy}: ${action} action without \`rules\` is meaningless as it will never be triggered, add an empty rule \`{}\` if you want it be triggered for every request`,
    )
    return
  }
  if (action === 'CUSTOM') {
    if ((spec.provider?.name ?? '') === '') findings.error(`${policy}: \`provider.name\` must not be empty`)
  } else if (spec.provider !== undefined) {
    findings.error(`${policy}: \`provider\` must not be with non CUSTOM action, found ${action}`)
  }
  for (const [index, rule] of rules.entries()) checkRule(findings, policy, rule, index)
  if (action === 'DENY' && findings.errors.length === 0 && rules.some(usesHttpOnly)) findings.warn(denyWithoutPort)
}

function checkTargets(findings: Findings, policy: string, refs: readonly TargetRef[]): void {
  for (const { group = '', kind = '', name = '' } of refs) {
    if (!targets.some(([knownGroup, knownKind]) => group === knownGroup && kind === knownKind)) {
      findings.error(`${policy}: targetRef must be to one of [${targetNames}] but was ${group}/${kind}`)
    }
    if (name === '') findings.error(`${policy}: targetRef name must be set`)
  }
}

function checkRule(findings: Findings, policy: string, rule: Rule, index: number): void {
  for (const { source } of rule.from ?? []) {
    if (source === undefined) {
      findings.error(`${policy}: \`from.source\` must not be nil, found at rule ${index}`)
      continue
    }
    if (isEmpty(source)) findings.error(`${policy}: \`from.source\` must not be empty, found at rule ${index}`)
    for (const list of [source.ipBlocks, source.notIpBlocks, source.remoteIpBlocks, source.notRemoteIpBlocks]) {
      checkBlocks(findings, policy, list)
    }
    checkValues(findings, policy, source)
    for (const list of [source.serviceAccounts, source.notServiceAccounts]) checkAccounts(findings, policy, list)
  }
  for (const { operation } of rule.to ?? []) {
    if (operation === undefined) {
      findings.error(`${policy}: \`to.operation\` must not be nil, found at rule ${index}`)
      continue
    }
    if (isEmpty(operation)) findings.error(`${policy}: \`to.operation\` must not be empty, found at rule ${index}`)
    for (const list of [operation.ports, operation.notPorts]) checkPorts(findings, policy, list)
    checkValues(findings, policy, operation)
    checkPaths(findings, policy, 'Paths', operation.paths)
    checkPaths(findings, policy, 'NotPaths', operation.notPaths)
  }
  for (const condition of rule.when ?? []) checkCondition(findings, policy, condition)
}

function isEmpty(value: Source | Operation): boolean {
  return Object.values(value).every((list) => !Array.isArray(list) || list.length === 0)
}

function checkValues(findings: Findings, policy: string, value: Source | Operation): void {
  for (const [field, list] of Object.entries(value)) {
    if (Array.isArray(list) && list.includes('')) {
      findings.error(`${policy}: empty value not allowed, found in ${field.charAt(0).toUpperCase()}${field.slice(1)}`)
    }
  }
}

function checkAccounts(findings: Findings, policy: string, accounts: readonly string[] = []): void {
  for (const account of accounts) {
    if (account.includes('*')) findings.error(`${policy}: wildcard not allowed, found in ServiceAccounts`)
    else if (account.split('/').length > 2)
      findings.error(`${policy}: expected format 'serviceAccount' or 'namespace/serviceAccount', found ${account}`)
  }
}

function checkBlocks(findings: Findings, policy: string, blocks: readonly string[] = []): void {
  for (const block of blocks) {
    const problem = blockProblem(block)
    if (problem !== undefined) findings.listed(`${policy}: ${problem}`)
  }
}

function blockProblem(block: string): string | undefined {
  const [address = '', length] = block.split('/')
  if (length === undefined) return isIpAddress(block) ? undefined : `bad IP address (${block})`
  if (!isIpAddress(address))
    return `bad CIDR range (${block}): netip.ParsePrefix(${JSON.stringify(block)}): ParseAddr(${JSON.stringify(address)}): unable to parse IP`
  const longest = address.includes(':') ? 128 : 32
  if (/^\d+$/.test(length) && Number(length) <= longest) return undefined
  return `bad CIDR range (${block}): netip.ParsePrefix(${JSON.stringify(block)}): prefix length out of range`
}

function checkPorts(findings: Findings, policy: string, ports: readonly string[] = []): void {
  for (const port of ports) {
    if (/^\d+$/.test(port) && Number(port) <= 65535) continue
    const cause = /^\d+$/.test(port) ? 'value out of range' : 'invalid syntax'
    findings.listed(`${policy}: bad port (${port}): strconv.ParseUint: parsing ${JSON.stringify(port)}: ${cause}`)
  }
}

function checkPaths(findings: Findings, policy: string, field: string, paths: readonly string[] = []): void {
  for (const path of paths) {
    const problem = pathTemplateProblem(path)
    if (problem !== undefined)
      findings.error(`${policy}: invalid or unsupported path ${problem.path}, found in ${field}. ${problem.reason}`)
  }
}

const bracketed: readonly string[] = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.']
const plain: readonly string[] = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'destination.ip',
  'destination.port',
  'connection.sni',
]
const replaced: Readonly<Record<string, string>> = {
  'destination.name': 'is replaced by the metadata.name',
  'destination.namespace': 'is replaced by the metadata.namespace',
  'destination.labels': 'is replaced by the workload selector',
  'destination.user': 'is replaced by the workload selector',
}

function checkCondition(findings: Findings, policy: string, condition: NonNullable<Rule['when']>[number]): void {
  const { key = '', values = [], notValues = [] } = condition
  if (key === '') findings.error(`${policy}: \`key\` must not be empty`)
  if (values.length === 0 && notValues.length === 0) {
    findings.error(`${policy}: at least one of \`values\` or \`notValues\` must be set for key ${key}`)
    return
  }
  const problem = keyProblem(key)
  if (problem !== undefined) {
    // The attribute is looked at once for each of the two lists.
    findings.error(`${policy}: invalid \`value\` for \`key\` ${key}: ${problem}`)
    findings.error(`${policy}: invalid \`notValue\` for \`key\` ${key}: ${problem}`)
    return
  }
  for (const [field, list] of [
    ['value', values],
    ['notValue', notValues],
  ] as const) {
    const wrong = valueProblems(key, list)
    if (wrong.length === 0) continue
    const count = wrong.length === 1 ? '1 error occurred' : `${wrong.length} errors occurred`
    findings.error(
      `${policy}: invalid \`${field}\` for \`key\` ${key}: ${count}:\n${wrong.map((one) => `\t* ${one}\n`).join('')}\n`,
    )
  }
}

function keyProblem(key: string): string | undefined {
  const name = key.split('[', 1)[0] ?? key
  if (replaced[name] !== undefined) return `attribute ${key} ${replaced[name]}`
  if (bracketed.some((prefix) => key.startsWith(prefix))) {
    return /^[^[]+(?:\[[^\]]+\])+$/.test(key) ? undefined : `bad key (${key}): should have format a[b]`
  }
  return plain.includes(key) ? undefined : `unknown attribute: ${key}`
}

function valueProblems(key: string, values: readonly string[]): string[] {
  if (key === 'source.ip' || key === 'remote.ip' || key === 'destination.ip') {
    return values.map(blockProblem).filter((problem) => problem !== undefined)
  }
  if (key !== 'destination.port') return []
  return values
    .filter((value) => !/^\d+$/.test(value) || Number(value) > 65535)
    .map((value) => `bad port (${value}): strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`)
}

/** A rule of HTTP words alone: on a TCP port nothing of it is left, and DENY then denies everything. */
function usesHttpOnly(rule: Rule): boolean {
  const operations = (rule.to ?? []).map(({ operation }) => operation ?? {})
  if (operations.some((operation) => (operation.ports ?? []).length + (operation.notPorts ?? []).length > 0))
    return false
  return operations.some((operation) =>
    [
      operation.hosts,
      operation.notHosts,
      operation.methods,
      operation.notMethods,
      operation.paths,
      operation.notPaths,
    ].some((list) => (list ?? []).length > 0),
  )
}
