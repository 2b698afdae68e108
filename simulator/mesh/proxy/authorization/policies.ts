import type { KubeObject } from '../../../kubernetes/index.ts'
import { isBlank, selects } from '../selector.ts'
import type { AuthorizationPolicySpec } from '../specs.ts'
import { compileRule, type CompiledRule } from './rule.ts'
import type { Subject } from './subject.ts'

type Action = 'CUSTOM' | 'DENY' | 'ALLOW'

interface CompiledPolicy {
  action: Action | 'AUDIT'
  /** `ns[foo]-policy[bar]`, as Istio names the policy to Envoy. */
  name: string
  rules: readonly CompiledRule[]
}

/** The policies that one workload's proxy enforces. */
export type Policies = Readonly<Record<Action, readonly CompiledPolicy[]>>

export type Decision = { allowed: true } | { allowed: false; matchedPolicy: string }

const compiled = new WeakMap<KubeObject, CompiledPolicy>()

function compile(object: KubeObject): CompiledPolicy {
  const known = compiled.get(object)
  if (known !== undefined) return known
  const spec = (object.spec ?? {}) as AuthorizationPolicySpec
  const namespace = object.metadata.namespace ?? ''
  const action = spec.action ?? 'ALLOW'
  const rules = (spec.rules ?? []).map((rule) => compileRule(rule ?? {}, namespace, action !== 'ALLOW'))
  const policy: CompiledPolicy = { action, name: `ns[${namespace}]-policy[${object.metadata.name}]`, rules }
  compiled.set(object, policy)
  return policy
}

/** A policy of a gateway or waypoint (`targetRefs`) is not the sidecar's; one in dry-run only logs. */
function applies(
  object: KubeObject,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  root: string,
): boolean {
  const spec = (object.spec ?? {}) as AuthorizationPolicySpec
  const home = object.metadata.namespace
  if (home !== namespace && home !== root) return false
  if (spec.targetRef !== undefined || (spec.targetRefs ?? []).length > 0) return false
  if (object.metadata.annotations?.['istio.io/dry-run'] === 'true') return false
  return isBlank(spec.selector?.matchLabels) || selects(spec.selector?.matchLabels, labels)
}

/** Those of the root namespace and of the workload's own whose selector names it. Source: pilot/pkg/model/authorization.go. */
export function policiesFor(
  objects: readonly KubeObject[],
  workload: { namespace: string; labels: Readonly<Record<string, string>> },
  rootNamespace: string,
): Policies {
  const policies: Record<Action, CompiledPolicy[]> = { CUSTOM: [], DENY: [], ALLOW: [] }
  for (const object of objects) {
    if (!applies(object, workload.namespace, workload.labels, rootNamespace)) continue
    const policy = compile(object)
    if (policy.action !== 'AUDIT') policies[policy.action].push(policy)
  }
  return policies
}

function firstMatch(policies: readonly CompiledPolicy[], subject: Subject): string | undefined {
  for (const policy of policies) {
    const index = policy.rules.findIndex((rule) => (subject.http ? rule.http(subject) : rule.tcp?.(subject)))
    if (index !== -1) return `${policy.name}-rule[${index}]`
  }
  return undefined
}

/**
 * CUSTOM, then DENY, then ALLOW; any ALLOW policy at all turns the default to deny. An external authorizer cannot be reached
 * from here, and one that is not configured denies by Istio's own rule; so what CUSTOM matches is denied.
 */
export function decide(policies: Policies, subject: Subject): Decision {
  if (firstMatch(policies.CUSTOM, subject) !== undefined) {
    return { allowed: false, matchedPolicy: 'default-deny-all-due-to-bad-CUSTOM-action' }
  }
  const denied = firstMatch(policies.DENY, subject)
  if (denied !== undefined) return { allowed: false, matchedPolicy: denied }
  if (policies.ALLOW.length === 0 || firstMatch(policies.ALLOW, subject) !== undefined) return { allowed: true }
  return { allowed: false, matchedPolicy: 'none' }
}
