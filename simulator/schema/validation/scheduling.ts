/** Tolerations, affinity and spreading of pods. */
import { duplicate, invalid, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { labelValue, qualifiedName } from './names.ts'
import { each, textObeys } from './rules.ts'
import { checkSelector } from './selectors.ts'

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function checkToleration(toleration: Tree, path: string): Cause[] {
  const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration
  const causes = key ? textObeys(key, `${path}.key`, qualifiedName) : []
  if (!key && operator !== 'Exists')
    causes.push(
      invalid(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    causes.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  if (operator === 'Exists') {
    if (value) causes.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
  } else if (operator === 'Equal' || operator === '') {
    causes.push(...labelValue(value).map((text) => invalid(`${path}.operator`, value, text)))
  } else causes.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']))
  if (effect && !taintEffects.includes(effect)) causes.push(notSupported(`${path}.effect`, effect, taintEffects))
  return causes
}

const nodeOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']

function checkNodeExpression(expression: Tree, path: string): Cause[] {
  const { key, operator, values = [] } = expression
  const causes: Cause[] = []
  if (['In', 'NotIn'].includes(operator) && values.length === 0)
    causes.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  if (['Exists', 'DoesNotExist'].includes(operator) && values.length > 0)
    causes.push({
      reason: 'FieldValueForbidden',
      field: `${path}.values`,
      message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    })
  if (['Gt', 'Lt'].includes(operator) && values.length !== 1)
    causes.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  if (!nodeOperators.includes(operator))
    causes.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  return [...causes, ...textObeys(key, `${path}.key`, qualifiedName)]
}

function checkNodeTerm(term: Tree, path: string): Cause[] {
  return each(term.matchExpressions, `${path}.matchExpressions`, checkNodeExpression)
}

function checkPodTerm(term: Tree, path: string): Cause[] {
  return [
    ...checkSelector(term.labelSelector, `${path}.labelSelector`),
    ...checkSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.topologyKey
      ? textObeys(term.topologyKey, `${path}.topologyKey`, qualifiedName)
      : [required(`${path}.topologyKey`, 'can not be empty')]),
  ]
}

const weight = (value: Tree, path: string): Cause[] =>
  value >= 1 && value <= 100 ? [] : [invalid(`${path}.weight`, value ?? 0, 'must be in the range 1-100')]

export function checkNodeSelector(selector: Tree, path: string): Cause[] {
  if (!selector) return []
  if (!selector.nodeSelectorTerms?.length)
    return [required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term')]
  return each(selector.nodeSelectorTerms, `${path}.nodeSelectorTerms`, checkNodeTerm)
}

function checkAffinity(affinity: Tree, path: string): Cause[] {
  if (!affinity) return []
  const soon = 'requiredDuringSchedulingIgnoredDuringExecution'
  const wish = 'preferredDuringSchedulingIgnoredDuringExecution'
  const node = affinity.nodeAffinity
  const pods = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...each(affinity[kind]?.[soon], `${path}.${kind}.${soon}`, checkPodTerm),
    ...each(affinity[kind]?.[wish], `${path}.${kind}.${wish}`, (term, at) => [
      ...weight(term.weight, at),
      ...checkPodTerm(term.podAffinityTerm ?? {}, `${at}.podAffinityTerm`),
    ]),
  ])
  return [
    ...checkNodeSelector(node?.[soon], `${path}.nodeAffinity.${soon}`),
    ...each(node?.[wish], `${path}.nodeAffinity.${wish}`, (term, at) => [
      ...weight(term.weight, at),
      ...checkNodeTerm(term.preference ?? {}, `${at}.preference`),
    ]),
    ...pods,
  ]
}

function checkSpread(constraints: Tree, path: string): Cause[] {
  const pairs: Tree[] = constraints ?? []
  return each(constraints, path, (constraint, at, index) => {
    const { topologyKey, whenUnsatisfiable, maxSkew } = constraint
    const causes: Cause[] = []
    if (!(maxSkew > 0)) causes.push(invalid(`${at}.maxSkew`, maxSkew ?? 0, 'must be greater than zero'))
    if (!topologyKey) causes.push(required(`${at}.topologyKey`, 'can not be empty'))
    if (!['DoNotSchedule', 'ScheduleAnyway'].includes(whenUnsatisfiable))
      causes.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway']))
    // The first of two equal pairs is named.
    const again = pairs
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (again)
      causes.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    return [...causes, ...checkSelector(constraint.labelSelector, `${at}.labelSelector`)]
  })
}

export function checkScheduling(spec: Tree, path: string): Cause[] {
  return [
    ...checkAffinity(spec.affinity, `${path}.affinity`),
    ...each(spec.tolerations, `${path}.tolerations`, checkToleration),
    ...checkSpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
  ]
}
