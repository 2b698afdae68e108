import type { Findings } from './findings.ts'
import { fqdnProblem, isIpAddress, portProblem, wildcardDomainProblem } from './names.ts'

export interface Destination {
  host?: string
  subset?: string
  port?: { number?: number }
}

export interface RouteDestination {
  destination?: Destination
  weight?: number
}

export function checkDestinations(findings: Findings, routes: readonly RouteDestination[]): void {
  for (const route of routes) {
    if (route.destination === undefined) findings.error('destination is required')
    else checkDestination(findings, route.destination)
    if (route.weight !== undefined && route.weight < 0) findings.error(`weight ${route.weight} < 0`)
  }
  const total = routes.reduce((sum, route) => sum + (route.weight ?? 0), 0)
  if (routes.length > 1 && total === 0) findings.error('total destination weight = 0')
}

export function checkDestination(findings: Findings, destination: Destination): void {
  const host = destination.host ?? ''
  if (host === '*') findings.error('invalid destination host *')
  else {
    const problem = host.startsWith('*.') ? wildcardDomainProblem(host) : fqdnProblem(host)
    if (problem !== undefined && !isIpAddress(host)) findings.error(problem)
  }
  const { subset } = destination
  if (subset !== undefined && subset !== '' && !isSubsetName(subset))
    findings.error(`subset name is invalid: ${subset}`)
  if (destination.port !== undefined) {
    const problem = portProblem(destination.port.number ?? 0)
    if (problem !== undefined) findings.error(problem)
  }
}

export function isSubsetName(name: string): boolean {
  return /^[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/.test(name)
}
