import type { Findings } from './findings.ts'
import { isKnownProtocol, type Port } from './gateway.ts'
import {
  checkExportTo,
  checkLabels,
  fqdnProblem,
  isDnsLabel,
  isIpAddress,
  isSubnet,
  partialWildcardProblems,
  portProblem,
} from './names.ts'

interface Endpoint {
  address?: string
  network?: string
  ports?: Record<string, number>
  labels?: Record<string, string>
}

interface ServiceEntry {
  hosts?: string[]
  addresses?: string[]
  ports?: Port[]
  location?: string
  resolution?: string
  endpoints?: Endpoint[]
  exportTo?: string[]
  workloadSelector?: { labels?: Record<string, string> }
}

export function validateServiceEntry(spec: ServiceEntry, findings: Findings): void {
  const { hosts = [], addresses = [], ports = [], endpoints = [], resolution = 'NONE' } = spec
  if (spec.workloadSelector !== undefined && Object.keys(spec.workloadSelector.labels ?? {}).length === 0) {
    findings.warn(
      'service entry: workload selector specified without labels, will be applied to all services in namespace',
    )
  }
  if (hosts.length === 0) findings.error('service entry must have at least one host')
  for (const host of hosts) {
    for (const problem of partialWildcardProblems(host, { shortNames: true })) findings.error(problem)
    if (resolution === 'DYNAMIC_DNS' && !host.startsWith('*'))
      findings.error('host must be wildcarded for resolution mode DYNAMIC_DNS')
  }
  for (const address of addresses) if (!isSubnet(address)) findings.error(`${address} is not a valid IP`)
  for (const port of ports) checkPort(findings, port)
  checkResolution(findings, resolution, spec)
  const needsAddress = resolution === 'NONE' && addresses.length === 0
  if (needsAddress && ports.some(({ protocol = '' }) => ['', 'TCP'].includes(protocol.toUpperCase()))) {
    findings.warn(
      'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled',
    )
  }
  for (const endpoint of endpoints) {
    checkLabels(findings, endpoint.labels)
    for (const [name, number] of Object.entries(endpoint.ports ?? {})) {
      if (!ports.some((port) => port.name === name))
        findings.error(`endpoint port ${number} is not defined by the service entry`)
    }
  }
  checkExportTo(findings, spec.exportTo)
}

function checkPort(findings: Findings, port: Port): void {
  const { name = '', protocol = '', number = 0 } = port
  if (!isDnsLabel(name)) findings.error(`invalid port name: ${name}`)
  if (protocol !== '' && !isKnownProtocol(protocol)) findings.error(`unsupported protocol: ${protocol}`)
  const problem = portProblem(number)
  if (problem !== undefined) findings.error(problem)
}

function checkResolution(findings: Findings, resolution: string, { hosts = [], endpoints = [] }: ServiceEntry): void {
  if (resolution === 'STATIC') for (const endpoint of endpoints) checkStaticEndpoint(findings, endpoint)
  if (resolution !== 'DNS' && resolution !== 'DNS_ROUND_ROBIN') return
  if (endpoints.length === 0) {
    for (const host of hosts) {
      const problem = fqdnProblem(host)
      if (problem === undefined) continue
      findings.error(
        `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${problem}`,
      )
    }
  }
  for (const { address = '' } of endpoints) {
    if (address === '' || isIpAddress(address) || fqdnProblem(address) === undefined) continue
    findings.error(`endpoint address "${address}" is not a valid FQDN or an IP address`)
  }
}

function checkStaticEndpoint(findings: Findings, { address = '', network = '' }: Endpoint): void {
  if (address === '') {
    if (network === '') findings.error('address is required')
    return
  }
  if (address.startsWith('unix://') || isIpAddress(address)) return
  findings.error(`endpoint address "${address}" is not a valid IP address`)
}

/** WorkloadEntry and the template of a WorkloadGroup. */
export function validateWorkloadEntry(spec: Endpoint, findings: Findings): void {
  const { address = '' } = spec
  const valid =
    address === '' || address.startsWith('unix://') || isIpAddress(address) || fqdnProblem(address) === undefined
  if (!valid) findings.error(`endpoint address "${address}" is not a valid FQDN or an IP address`)
  checkLabels(findings, spec.labels)
}

interface WorkloadGroup {
  probe?: { exec?: { command?: string[] }; grpc?: unknown; httpGet?: { port?: number }; tcpSocket?: { port?: number } }
  metadata?: { labels?: Record<string, string> }
}

export function validateWorkloadGroup(spec: WorkloadGroup, findings: Findings): void {
  checkLabels(findings, spec.metadata?.labels)
  const { probe } = spec
  if (probe === undefined) return
  if (probe.exec !== undefined && (probe.exec.command ?? []).length === 0) findings.error('exec.command is required')
  if (probe.grpc !== undefined) findings.error('unknown health check method *v1alpha3.ReadinessProbe_Grpc')
}
