/** What a value owns, and what changed between two values: the walks of structured-merge-diff. */
import { isMap, sameTree, type Tree } from '../tree.ts'
import { emptySet, isEmptySet, type FieldSet } from './field-set.ts'
import { byElement, elementOf, isAssociative, resolved } from './path-elements.ts'
import type { Shape } from './shape.ts'

function child(set: FieldSet, element: string): FieldSet {
  const known = set.children.get(element)
  if (known) return known
  const made = emptySet()
  set.children.set(element, made)
  return made
}

/** All fields that an applied configuration names. */
export function fieldsOf(shape: Shape, value: Tree, set: FieldSet = emptySet()): FieldSet {
  const form = resolved(shape, value)
  if (form.kind === 'map' && !form.atomic) {
    if (!isMap(value)) return set
    for (const [name, inner] of Object.entries(value)) {
      const field = form.field(name)
      const below = child(set, `f:${name}`)
      fieldsOf(field?.shape ?? { kind: 'untyped' }, inner, below)
      const isEmpty = inner === null || (isMap(inner) && Object.keys(inner).length === 0)
      if (isEmpty || !field?.named) below.member = true
    }
  } else if (isAssociative(form)) {
    for (const item of Array.isArray(value) ? value : []) {
      const below = child(set, elementOf(form, item))
      fieldsOf(form.items, item, below)
      below.member = true
    }
  } else set.member = true
  return set
}

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

const isEmptyValue = (value: Tree): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0)

/** Differences between two values; `undefined` stands for absent. */
export function compare(shape: Shape, before: Tree, after: Tree): Comparison {
  const result: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() }
  walk(shape, before, after, result)
  return result
}

function below(result: Comparison, element: string): Comparison {
  return {
    added: child(result.added, element),
    modified: child(result.modified, element),
    removed: child(result.removed, element),
  }
}

function markPresence(before: Tree, after: Tree, result: Comparison): void {
  if (before === undefined) result.added.member = true
  else if (after === undefined) result.removed.member = true
}

function leaf(before: Tree, after: Tree, result: Comparison): void {
  markPresence(before, after, result)
  if (before !== undefined && after !== undefined && !sameTree(before, after)) result.modified.member = true
}

function walk(shape: Shape, before: Tree, after: Tree, result: Comparison): void {
  if (before === undefined ? after === undefined : sameTree(before, after)) return
  const form = resolved(shape, after, before)
  const whole = (form.kind === 'map' && form.atomic) || (form.kind === 'list' && form.relation === 'atomic')
  if (form.kind === 'scalar' || form.kind === 'untyped' || whole || (isEmptyValue(before) && isEmptyValue(after)))
    return leaf(before, after, result)
  if (form.kind === 'map') walkMap(form, before, after, result)
  else walkList(form, before, after, result)
  markPresence(before, after, result)
}

function walkMap(form: Extract<Shape, { kind: 'map' }>, before: Tree, after: Tree, result: Comparison): void {
  const old = isMap(before) ? before : {}
  const fresh = isMap(after) ? after : {}
  for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)]))
    walk(form.field(name)?.shape ?? { kind: 'untyped' }, old[name], fresh[name], below(result, `f:${name}`))
}

function walkList(form: Extract<Shape, { kind: 'list' }>, before: Tree, after: Tree, result: Comparison): void {
  const old = byElement(form, before)
  const fresh = byElement(form, after)
  for (const element of new Set([...old.keys(), ...fresh.keys()])) {
    const a = old.get(element)
    const b = fresh.get(element)
    const next = below(result, element)
    // Several items with the same keys cannot be told apart: they are compared as one piece.
    if ((a?.length ?? 0) > 1 || (b?.length ?? 0) > 1) leaf(a, b, next)
    else walk(form.items, a?.[0], b?.[0], next)
  }
}

/** The same set with every named field on the way to a member made a member itself. */
export function withNamedFields(shape: Shape, set: FieldSet): FieldSet {
  const result: FieldSet = { member: set.member, children: new Map() }
  for (const [element, inner] of set.children) {
    const field = element.startsWith('f:') && shape.kind === 'map' ? shape.field(element.slice(2)) : undefined
    const items: Shape = shape.kind === 'list' ? shape.items : { kind: 'untyped' }
    const next = withNamedFields(field?.shape ?? items, inner)
    if (field?.named && inner.children.size > 0) next.member = true
    if (!isEmptySet(next)) result.children.set(element, next)
  }
  return result
}
