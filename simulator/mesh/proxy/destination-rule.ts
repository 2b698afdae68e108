import type { KubeObject } from '../../kubernetes/index.ts'
import { covers, exportedTo, qualify, specificity } from './hosts.ts'
import { isBlank, oldestFirst, selects } from './selector.ts'
import type { DestinationRuleSpec, PolicyFields, Subset, TrafficPolicy } from './specs.ts'

/** The rules of one namespace for one host, merged. */
export interface DestinationRule {
  host: string
  namespace: string
  exportTo: readonly string[] | undefined
  /** Clients for whom alone the rule is; undefined: for all. */
  clients: Readonly<Record<string, string>> | undefined
  trafficPolicy: TrafficPolicy | undefined
  subsets: readonly Subset[]
}

function merge(first: DestinationRule, later: DestinationRule): DestinationRule {
  const names = new Set(first.subsets.map((subset) => subset.name))
  return {
    ...first,
    trafficPolicy: first.trafficPolicy ?? later.trafficPolicy,
    subsets: [...first.subsets, ...later.subsets.filter((subset) => !names.has(subset.name))],
  }
}

function read(object: KubeObject): DestinationRule {
  const spec = (object.spec ?? {}) as DestinationRuleSpec
  const namespace = object.metadata.namespace ?? ''
  const clients = spec.workloadSelector?.matchLabels
  return {
    host: qualify((spec.host ?? '').toLowerCase(), namespace),
    namespace,
    exportTo: spec.exportTo,
    clients: isBlank(clients) ? undefined : clients,
    trafficPolicy: spec.trafficPolicy,
    subsets: spec.subsets ?? [],
  }
}

/**
 * Rules for one host in one namespace become one: the oldest's policy, and everyone's subsets, of equal names the oldest's.
 * Source: pilot/pkg/model/destination_rule.go `mergeDestinationRule`.
 */
export function compileDestinationRules(objects: readonly KubeObject[]): DestinationRule[] {
  const merged = new Map<string, DestinationRule>()
  for (const rule of objects.toSorted(oldestFirst).map(read)) {
    const key = JSON.stringify([rule.namespace, rule.host, rule.clients, rule.exportTo])
    const first = merged.get(key)
    merged.set(key, first === undefined ? rule : merge(first, rule))
  }
  return [...merged.values()]
}

/** Of a namespace's rules: those that select the client first, then the most specific host. */
function best(rules: readonly DestinationRule[], host: string, labels: Readonly<Record<string, string>>) {
  const fitting = rules.filter(
    (rule) => covers(rule.host, host) && (rule.clients === undefined || selects(rule.clients, labels)),
  )
  const rank = (rule: DestinationRule): number => specificity(rule.host) + (rule.clients === undefined ? 0 : 1_000_000)
  return fitting.toSorted((a, b) => rank(b) - rank(a))[0]
}

/** Client's namespace, then the service's, then the root. Source: pilot/pkg/model/push_context.go `destinationRule`. */
export function destinationRuleFor(
  rules: readonly DestinationRule[],
  client: { namespace: string; labels: Readonly<Record<string, string>> },
  service: { hostname: string; namespace: string },
  rootNamespace: string,
): DestinationRule | undefined {
  for (const namespace of new Set([client.namespace, service.namespace, rootNamespace])) {
    const own = rules.filter(
      (rule) => rule.namespace === namespace && exportedTo(rule.exportTo, namespace, client.namespace),
    )
    const found = best(own, service.hostname, namespace === client.namespace ? client.labels : {})
    if (found !== undefined) return found
  }
  return undefined
}

function overlay(base: PolicyFields, policy: TrafficPolicy | undefined, port: number): PolicyFields {
  if (policy === undefined) return base
  const forPort = policy.portLevelSettings?.find((settings) => settings.port?.number === port)
  // A port's settings stand alone: what they leave out is default, not inherited. Source: istio/api PortTrafficPolicy.
  return forPort ?? { ...base, ...policy }
}

/** The policy of one cluster: the subset's fields over the rule's, and a port's own settings over both. */
export function policyOf(rule: DestinationRule | undefined, subset: Subset | undefined, port: number): PolicyFields {
  return overlay(overlay({}, rule?.trafficPolicy, port), subset?.trafficPolicy, port)
}
