import { forbidden, invalid, required, type Cause } from '../causes.ts'
import { labelValue, qualifiedName } from './names.ts'
import { each, textObeys } from './rules.ts'
import type { Tree } from '../tree.ts'

export function checkLabels(labels: Tree, path: string): Cause[] {
  return Object.entries<Tree>(labels ?? {}).flatMap(([key, value]) => [
    ...textObeys(key, path, qualifiedName),
    ...labelValue(String(value)).map((sentence) => invalid(path, value, sentence)),
  ])
}

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist']

function checkExpression(expression: Tree, path: string): Cause[] {
  const { key, operator, values } = expression
  const causes: Cause[] = []
  const some = values && values.length > 0
  if (operator === 'In' || operator === 'NotIn') {
    if (!some) causes.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (some)
      causes.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  } else if (!operators.includes(operator))
    causes.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  causes.push(...textObeys(key, `${path}.key`, qualifiedName))
  causes.push(...each(values, `${path}.values`, (value, at) => textObeys(value, at, labelValue)))
  return causes
}

/** A LabelSelector; absent is fine. */
export function checkSelector(selector: Tree, path: string): Cause[] {
  if (!selector) return []
  return [
    ...checkLabels(selector.matchLabels, `${path}.matchLabels`),
    ...each(selector.matchExpressions, `${path}.matchExpressions`, checkExpression),
  ]
}

export const isEmptySelector = (selector: Tree): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0

/** Whether labels are selected; undefined when the selector itself is broken. An empty selector selects all, none selects nothing. */
export function selects(selector: Tree, labels: Record<string, string> = {}): boolean | undefined {
  if (!selector) return false
  if (checkSelector(selector, '').length > 0) return undefined
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }: Tree) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
  )
}
