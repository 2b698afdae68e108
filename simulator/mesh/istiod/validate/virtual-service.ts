import { checkDestinations, type RouteDestination } from './destination.ts'
import type { Findings } from './findings.ts'
import { checkHttpRoute, type HttpRoute } from './http-route.ts'
import {
  checkExportTo,
  checkGatewayNames,
  checkLabels,
  isIpAddress,
  isSubnet,
  portProblem,
  wildcardDomainProblem,
} from './names.ts'
import { checkRouteOrder, duplicateTlsMatches, type TlsMatch } from './route-order.ts'

interface L4Match extends TlsMatch {
  destinationSubnets?: string[]
  gateways?: string[]
  sourceLabels?: Record<string, string>
}

interface VirtualService {
  hosts?: string[]
  gateways?: string[]
  http?: HttpRoute[]
  tls?: { match?: L4Match[]; route?: RouteDestination[] }[]
  tcp?: { match?: L4Match[]; route?: RouteDestination[] }[]
  exportTo?: string[]
}

/** networking.istio.io VirtualService: hosts, gateways, routes and their order. */
export function validateVirtualService(spec: VirtualService, findings: Findings): void {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec
  const isDelegate = hosts.length === 0
  if (isDelegate) checkDelegate(spec, findings)
  checkGatewayNames(findings, gateways)
  checkHosts(findings, hosts, gateways)
  if (http.length + tls.length + tcp.length === 0) {
    findings.error('http, tcp or tls must be provided in virtual service')
  }
  const kind = isDelegate ? 'delegate' : http.some((route) => route.delegate !== undefined) ? 'root' : 'independent'
  for (const route of http)
    checkHttpRoute(findings, route, route.delegate === undefined && kind === 'root' ? 'independent' : kind)
  for (const route of tls) checkTlsRoute(findings, route, hosts)
  for (const route of tcp) checkTcpRoute(findings, route)
  checkExportTo(findings, spec.exportTo)
  if (findings.errors.length > 0) return
  checkRouteOrder(findings, http)
  duplicateTlsMatches(findings, tls)
}

function checkDelegate(spec: VirtualService, findings: Findings): void {
  if ((spec.tcp ?? []).length > 0) findings.error('delegate virtual service must have no tcp route specified')
  if ((spec.tls ?? []).length > 0) findings.error('delegate virtual service must have no tls route specified')
  if ((spec.gateways ?? []).length > 0) findings.error('delegate virtual service must have no gateways specified')
}

function checkHosts(findings: Findings, hosts: readonly string[], gateways: readonly string[]): void {
  const inMesh = gateways.length === 0 || gateways.includes('mesh')
  let allValid = true
  for (const host of hosts) {
    const problem = wildcardDomainProblem(host)
    if (problem !== undefined && !isIpAddress(host)) {
      findings.error(problem)
      allValid = false
    } else if (inMesh && host === '*') {
      findings.error('wildcard host * is not allowed for virtual services bound to the mesh gateway')
      allValid = false
    }
  }
  if (!allValid) return
  for (const [index, host] of hosts.entries()) {
    for (const other of hosts.slice(index + 1)) {
      if (hostsOverlap(host, other)) findings.error(`duplicate hosts in virtual service: ${host} & ${other}`)
    }
  }
}

function hostsOverlap(one: string, other: string): boolean {
  if (one === other) return true
  const covers = (wide: string, narrow: string): boolean => wide.startsWith('*') && narrow.endsWith(wide.slice(1))
  return covers(one, other) || covers(other, one)
}

function checkTlsRoute(
  findings: Findings,
  route: { match?: L4Match[]; route?: RouteDestination[] },
  hosts: readonly string[],
): void {
  const matches = route.match ?? []
  if (matches.length === 0) findings.error('TLS route must have at least one match condition')
  for (const match of matches) {
    const sniHosts = match.sniHosts ?? []
    if (sniHosts.length === 0) findings.error('TLS match must have at least one SNI host')
    for (const sni of sniHosts) checkSni(findings, sni, hosts)
    checkL4Match(findings, match)
  }
  if ((route.route ?? []).length === 0) findings.error('TLS route is required')
  checkDestinations(findings, route.route ?? [])
}

function checkSni(findings: Findings, sni: string, hosts: readonly string[]): void {
  const problem = wildcardDomainProblem(sni)
  if (problem !== undefined) {
    findings.error(problem)
    return
  }
  const subsetOf = (host: string): boolean =>
    host === '*' || host === sni || (host.startsWith('*') && sni !== '*' && sni.endsWith(host.slice(1)))
  if (!hosts.some(subsetOf)) {
    findings.error(
      `SNI host "${sni}" is not a compatible subset of any of the virtual service hosts: [${hosts.join(', ')}]`,
    )
  }
}

function checkTcpRoute(findings: Findings, route: { match?: L4Match[]; route?: RouteDestination[] }): void {
  for (const match of route.match ?? []) checkL4Match(findings, match)
  if ((route.route ?? []).length === 0) findings.error('TCP route is required')
  checkDestinations(findings, route.route ?? [])
}

function checkL4Match(findings: Findings, match: L4Match): void {
  for (const subnet of match.destinationSubnets ?? []) {
    if (!isSubnet(subnet)) findings.error(`${subnet} is not a valid IP`)
  }
  if (match.port !== undefined && match.port !== 0) {
    const problem = portProblem(match.port)
    if (problem !== undefined) findings.error(problem)
  }
  checkLabels(findings, match.sourceLabels)
  checkGatewayNames(findings, match.gateways)
}
