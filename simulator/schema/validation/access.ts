/** Roles and bindings. */
import { invalid, notSupported, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { pathSegment } from './names.ts'
import { each, oneOf, textObeys } from './rules.ts'

const group = 'rbac.authorization.k8s.io'

function checkRule(rule: Tree, path: string, namespaced: boolean): Cause[] {
  const causes = rule.verbs?.length ? [] : [required(`${path}.verbs`, 'verbs must contain at least one value')]
  const urls: Tree[] = rule.nonResourceURLs ?? []
  if (urls.length > 0) {
    if (namespaced)
      causes.push(invalid(`${path}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs'))
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length)
      causes.push(
        invalid(`${path}.nonResourceURLs`, urls, 'rules cannot apply to both regular resources and non-resource URLs'),
      )
    return causes
  }
  if (!rule.apiGroups?.length)
    causes.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (!rule.resources?.length)
    causes.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return causes
}

export function checkRole(role: Tree): Cause[] {
  const aggregation = role.aggregationRule
  const selectors = aggregation && !aggregation.clusterRoleSelectors?.length
  return [
    ...each(role.rules, 'rules', (rule, at) => checkRule(rule, at, role.kind === 'Role')),
    ...(selectors
      ? [
          required(
            'aggregationRule.clusterRoleSelectors',
            'at least one clusterRoleSelector required if aggregationRule is non-nil',
          ),
        ]
      : []),
  ]
}

function checkSubject(subject: Tree, path: string, namespaced: boolean): Cause[] {
  const causes = subject.name ? [] : [required(`${path}.name`)]
  if (subject.kind === 'ServiceAccount') {
    if (subject.apiGroup) causes.push(notSupported(`${path}.apiGroup`, subject.apiGroup, ['']))
    if (!namespaced && !subject.namespace) causes.push(required(`${path}.namespace`))
  } else if (subject.kind === 'User' || subject.kind === 'Group') {
    if (subject.apiGroup !== group) causes.push(notSupported(`${path}.apiGroup`, subject.apiGroup ?? '', [group]))
  } else causes.push(notSupported(`${path}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']))
  return causes
}

export function checkBinding(binding: Tree): Cause[] {
  const { roleRef } = binding
  const namespaced = binding.kind === 'RoleBinding'
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  return [
    ...(roleRef.apiGroup === group ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [group])]),
    ...oneOf(roleRef.kind, 'roleRef.kind', kinds),
    ...(roleRef.name ? textObeys(roleRef.name, 'roleRef.name', pathSegment) : [required('roleRef.name')]),
    ...each(binding.subjects, 'subjects', (subject, at) => checkSubject(subject, at, namespaced)),
  ]
}

export function checkBindingUpdate({ roleRef }: Tree, old: Tree): Cause[] {
  if (sameTree(roleRef, old.roleRef)) return []
  const shown = { APIGroup: roleRef.apiGroup, Kind: roleRef.kind, Name: roleRef.name }
  return [invalid('roleRef', shown, 'cannot change roleRef')]
}
