import { isSubsetName } from './destination.ts'
import type { Findings } from './findings.ts'
import { checkExportTo, checkLabels, isIpAddress, wildcardDomainProblem } from './names.ts'
import { checkTrafficPolicy, type TrafficPolicy } from './traffic-policy.ts'

interface DestinationRule {
  host?: string
  trafficPolicy?: TrafficPolicy
  subsets?: { name?: string; labels?: Record<string, string>; trafficPolicy?: TrafficPolicy }[]
  exportTo?: string[]
  workloadSelector?: { matchLabels?: Record<string, string> }
}

export function validateDestinationRule(spec: DestinationRule, findings: Findings): void {
  const host = spec.host ?? ''
  const problem = wildcardDomainProblem(host)
  if (problem !== undefined && !isIpAddress(host)) findings.error(problem)
  if (spec.trafficPolicy !== undefined) checkTrafficPolicy(findings, spec.trafficPolicy)
  const seen = new Set<string>()
  for (const subset of spec.subsets ?? []) {
    const name = subset.name ?? ''
    if (seen.has(name)) findings.error(`duplicate subset names: ${name}`)
    seen.add(name)
    if (name === '') findings.error('subset name cannot be empty')
    else if (!isSubsetName(name)) findings.error(`subset name is invalid: ${name}`)
    checkLabels(findings, subset.labels)
    if (subset.trafficPolicy !== undefined) checkTrafficPolicy(findings, subset.trafficPolicy)
  }
  checkExportTo(findings, spec.exportTo)
  const selector = spec.workloadSelector
  if (selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0) {
    findings.warn('workload selector specified without labels')
  }
}
