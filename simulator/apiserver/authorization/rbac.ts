import type { KubeObject, User } from '../../kubernetes/index.ts'
import type { Store } from '../../storage/index.ts'

/** One question: may this user do this? */
export interface Attributes {
  user: User
  verb: string
  /** Absent for a path that is no resource. */
  resource?: {
    group: string
    plural: string
    subresource?: string | undefined
    namespace?: string | undefined
    name?: string | undefined
  }
  path?: string
}

export interface Decision {
  allowed: boolean
  /** Why, in the words of the real authorizer: `RBAC: allowed by …`, or what it failed to look up. */
  reason: string
}

export interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

interface Subject {
  kind: string
  name: string
  namespace?: string
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

export function ruleAllows(rule: PolicyRule, { verb, resource, path }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false
  if (resource === undefined) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path ?? ''))
  const { group, plural, subresource, name } = resource
  if (!has(rule.apiGroups, group)) return false
  const full = subresource ? `${plural}/${subresource}` : plural
  const named = (rule.resources ?? []).some(
    (each) => each === '*' || each === full || (subresource && each === `*/${subresource}`),
  )
  return named && (!rule.resourceNames?.length || rule.resourceNames.includes(name ?? ''))
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}

export function subjectMatches(subject: Subject, user: User, bindingNamespace: string | undefined): boolean {
  if (subject.kind === 'User') return subject.name === user.name
  if (subject.kind === 'Group') return user.groups.includes(subject.name)
  return user.name === `system:serviceaccount:${subject.namespace ?? bindingNamespace ?? ''}:${subject.name}`
}

export interface Grant {
  rule: PolicyRule
  /** `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`. */
  source: string
}

/** Role-based access control over the stored roles and bindings. */
export class Authorizer {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  decide(attributes: Attributes): Decision {
    // As in the API server: members of this group are not asked at all.
    if (attributes.user.groups.includes('system:masters')) return { allowed: true, reason: '' }
    const failures: string[] = []
    for (const { rule, source } of this.grants(attributes.user, attributes.resource?.namespace, failures))
      if (ruleAllows(rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${source}` }
    return { allowed: false, reason: failures.length > 0 ? `RBAC: ${aggregate(failures)}` : '' }
  }

  /** All rules that a user holds in a namespace (absent: cluster-wide ones only). Roles that are not there are put into `failures`. */
  *grants(user: User, namespace: string | undefined, failures: string[] = []): Generator<Grant> {
    for (const binding of this.#store.values('clusterrolebindings.rbac.authorization.k8s.io'))
      yield* this.#of(binding, user, failures)
    if (!namespace) return
    for (const binding of this.#store.values('rolebindings.rbac.authorization.k8s.io'))
      if (binding.metadata.namespace === namespace) yield* this.#of(binding, user, failures)
  }

  *#of(binding: KubeObject, user: User, failures: string[]): Generator<Grant> {
    const { name, namespace } = binding.metadata
    const subject = ((binding['subjects'] ?? []) as Subject[]).find((each) => subjectMatches(each, user, namespace))
    if (subject === undefined) return
    const reference = binding['roleRef'] as { kind: string; name: string }
    const local = reference.kind === 'Role'
    const plural = local ? 'roles' : 'clusterroles'
    const key = local ? `${namespace}/${reference.name}` : reference.name
    const role = this.#store.get(`${plural}.rbac.authorization.k8s.io`, key)
    if (role === undefined) {
      failures.push(`${local ? 'role' : 'clusterrole'}.rbac.authorization.k8s.io "${reference.name}" not found`)
      return
    }
    const subjectName =
      subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name
    const source = `${binding.kind} "${namespace ? `${name}/${namespace}` : name}" of ${reference.kind} "${reference.name}" to ${subject.kind} "${subjectName}"`
    for (const rule of (role['rules'] ?? []) as PolicyRule[]) yield { rule, source }
  }
}

function aggregate(failures: readonly string[]): string {
  const unique = [...new Set(failures)]
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`
}
