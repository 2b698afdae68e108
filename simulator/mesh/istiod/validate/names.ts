import type { Findings } from './findings.ts'

const longestDomain = 255
/** A label of a domain name; unlike DNS 1123 it may hold capitals. */
const domainLabel = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/
/** The first label of a wildcard domain: `*`, `*-a`, `*a`. */
const wildcardLabel = /^(?:\*|\*?[a-zA-Z0-9-]*[a-zA-Z0-9])$/
const dns1123 = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

export function isDnsLabel(value: string): boolean {
  return dns1123.test(value)
}

/** The problem with a fully qualified domain name, or undefined. */
export function fqdnProblem(name: string): string | undefined {
  if (name === '') return 'empty domain name not allowed'
  return lengthProblem(name) ?? labelsProblem(name, name)
}

/** As `fqdnProblem`, but the first label may be or begin with `*`. */
export function wildcardDomainProblem(name: string): string | undefined {
  if (name === '') return 'empty domain name not allowed'
  const tooLong = lengthProblem(name)
  if (tooLong !== undefined) return tooLong
  const [first = '', ...rest] = name.split('.')
  if (rest.length === 0)
    return first.startsWith('*')
      ? wildcardLabel.test(first)
        ? undefined
        : invalid(name, first)
      : labelsProblem(name, name)
  if (first.startsWith('*')) {
    if (!wildcardLabel.test(first)) return invalid(name, first)
  } else if (!domainLabel.test(first)) return invalid(name, first)
  return labelsProblem(rest.join('.'), rest.join('.'))
}

function lengthProblem(name: string): string | undefined {
  return name.length > longestDomain ? `domain name "${name}" too long (max ${longestDomain})` : undefined
}

function labelsProblem(name: string, shown: string): string | undefined {
  // A trailing dot is allowed.
  const labels = name.split('.')
  if (labels.at(-1) === '') labels.pop()
  for (const label of labels) if (!domainLabel.test(label)) return invalid(shown, label)
  const last = labels.at(-1) ?? ''
  if (/^\d+$/.test(last)) return `domain name "${shown}" invalid (top level domain "${last}" cannot be all-numeric)`
  return undefined
}

function invalid(name: string, label: string): string {
  return `domain name "${name}" invalid (label "${label}" invalid)`
}

export function portProblem(port: number): string | undefined {
  return port >= 1 && port <= 65535 ? undefined : `port number ${port} must be in the range 1..65535`
}

export function isIpAddress(text: string): boolean {
  return isIpV4(text) || isIpV6(text)
}

export function isIpV4(text: string): boolean {
  const parts = text.split('.')
  return (
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255 && !/^0\d/.test(part))
  )
}

function isIpV6(text: string): boolean {
  if (!text.includes(':') || /[^0-9a-fA-F:.]/.test(text)) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  return (
    groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) &&
    (halves.length === 2 ? groups.length < 8 : groups.length === 8)
  )
}

/** An address or a CIDR range. */
export function isSubnet(text: string): boolean {
  const [address = '', length, ...more] = text.split('/')
  if (more.length > 0 || !isIpAddress(address)) return false
  return length === undefined || (/^\d+$/.test(length) && Number(length) <= (address.includes(':') ? 128 : 32))
}

const labelKey = /^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?\/)?[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/
const labelValue = /^(?:[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?)?$/

export function checkLabels(findings: Findings, labels: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!labelKey.test(key)) findings.listed(`invalid tag key: "${key}"`)
    if (!labelValue.test(value)) findings.listed(`invalid tag value: "${value}"`)
  }
}

export function checkExportTo(findings: Findings, exportTo: readonly string[] = []): void {
  const seen = new Set<string>()
  for (const entry of exportTo) {
    if (seen.has(entry)) findings.error(`duplicate entries in exportTo: ${entry}`)
    seen.add(entry)
    if (entry === '~') {
      findings.error('exportTo ~ (none) is not allowed for Istio configuration objects')
      return
    }
    if (entry !== '.' && entry !== '*' && !domainLabel.test(entry)) {
      findings.error('only .,*, or a valid DNS 1123 label is allowed as exportTo entry')
      return
    }
  }
  if (seen.has('*') && seen.size > 1)
    findings.error('cannot have both public (*) and non-public exportTo values for a resource')
}

/** Names of gateways: `mesh`, `name`, `namespace/name`, or the old `name.namespace.svc...`. */
export function checkGatewayNames(findings: Findings, gateways: readonly string[] = []): void {
  for (const gateway of gateways) {
    const [first = '', second, ...rest] = gateway.split('/')
    if (second === undefined) {
      const problem = fqdnProblem(gateway)
      if (problem !== undefined) findings.error(problem)
      else if (gateway.includes('.')) {
        const [name = '', namespace = ''] = gateway.split('.')
        findings.warn(
          `using legacy gatewayName format "${gateway}"; prefer the <namespace>/<name> format: "${namespace}/${name}"`,
        )
      }
      continue
    }
    const name = [second, ...rest].join('/')
    if (first === '' || name === '') findings.error('config namespace and gateway name cannot be empty')
    if (!isDnsLabel(first)) findings.error(`invalid value for namespace: "${first}"`)
    if (!/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(name)) findings.error(`invalid value for gateway name: "${name}"`)
  }
}

/** `namespace/host` of Gateway servers and Sidecar egress. */
export function checkNamespacedHost(findings: Findings, host: string, where: 'gateway' | 'sidecar'): void {
  const slash = host.indexOf('/')
  const name = slash < 0 ? host : host.slice(slash + 1)
  const namespace = slash < 0 ? '*' : host.slice(0, slash)
  if (namespace === '' || (slash >= 0 && name === '')) {
    findings.error('config namespace and dnsName in host entry cannot be empty')
  }
  const known = namespace === '*' || namespace === '.' || (where === 'sidecar' && namespace === '~')
  if (!known && !isDnsLabel(namespace)) findings.error(`invalid namespace value "${namespace}" in ${where}`)
}

/** Hosts of Gateways, Sidecars and ServiceEntries: `*`, a full name, or one with `*` as its first label. */
export function partialWildcardProblems(host: string, options: { shortNames: boolean }): string[] {
  if (host === '*') return []
  const problems: string[] = []
  if (!options.shortNames && !host.includes('.')) problems.push('short names (non FQDN) are not allowed')
  const wildcard = wildcardDomainProblem(host)
  if (wildcard !== undefined) {
    if (!isIpAddress(host)) problems.push(wildcard)
    else if (options.shortNames) problems.push(wildcard)
  }
  if (host.includes('*') && !host.startsWith('*.')) problems.push(`partial wildcard "${host}" not allowed`)
  return problems
}
