/** Merging an applied configuration into a live object, and taking fields out again. */
import { copyTree, isMap, type Tree } from '../tree.ts'
import type { FieldSet } from './field-set.ts'
import { byElement, elementOf, isAssociative, resolved } from './path-elements.ts'
import type { Shape } from './shape.ts'

/** The live value with the configuration laid over it. Nothing of the arguments is shared with the result. */
export function mergeValues(shape: Shape, live: Tree, applied: Tree): Tree {
  if (applied === undefined) return copyTree(live)
  const form = resolved(shape, applied, live)
  if (form.kind === 'map' && !form.atomic && isMap(applied)) return mergeMaps(form, live, applied)
  if (isAssociative(form) && Array.isArray(applied) && Array.isArray(live)) return mergeLists(form, live, applied)
  return copyTree(applied)
}

function mergeMaps(form: Extract<Shape, { kind: 'map' }>, live: Tree, applied: Record<string, Tree>): Tree {
  const old = isMap(live) ? live : {}
  const merged: Record<string, Tree> = {}
  for (const name of new Set([...Object.keys(old), ...Object.keys(applied)]))
    merged[name] = mergeValues(form.field(name)?.shape ?? { kind: 'untyped' }, old[name], applied[name])
  return merged
}

/** Order: items that only the live list has come as early as they may, the others as applied. */
function mergeLists(form: Extract<Shape, { kind: 'list' }>, live: Tree[], applied: Tree[]): Tree[] {
  const wanted = byElement(form, applied)
  const held = byElement(form, live)
  const liveElements = live.map((item) => elementOf(form, item))
  const appliedElements = applied.map((item) => elementOf(form, item))
  const shared = appliedElements.filter((element) => held.has(element))
  const merged: Tree[] = []
  let l = 0
  let r = 0
  const takeApplied = (): void => {
    const element = appliedElements[r] ?? ''
    merged.push(mergeValues(form.items, held.get(element)?.[0], applied[r]))
    if (shared[0] === element) shared.shift()
    r += 1
  }
  while (l < live.length || r < applied.length) {
    const element = liveElements[l]
    if (element === undefined) takeApplied()
    else if (!wanted.has(element)) merged.push(copyTree(live[l++]))
    else if (element === appliedElements[r]) {
      takeApplied()
      l += 1
    } else if (r >= applied.length || shared[0] !== element) l += 1
    else takeApplied()
  }
  return merged
}

/** The value without the fields and items that the set names. Empty maps and lists that remain become null. */
export function removeFields(shape: Shape, value: Tree, remove: FieldSet): Tree {
  const form = resolved(shape, value)
  if (form.kind === 'map' && !form.atomic && isMap(value)) {
    const kept: Record<string, Tree> = {}
    for (const [name, inner] of Object.entries(value)) {
      const part = remove.children.get(`f:${name}`)
      if (part?.member) continue
      kept[name] = part ? removeFields(form.field(name)?.shape ?? { kind: 'untyped' }, inner, part) : inner
    }
    return Object.keys(kept).length > 0 ? kept : null
  }
  if (isAssociative(form) && Array.isArray(value)) {
    const kept = value.flatMap((item: Tree) => {
      const part = remove.children.get(elementOf(form, item))
      if (part?.member) return []
      return [part ? removeFields(form.items, item, part) : item]
    })
    return kept.length > 0 ? kept : null
  }
  return value
}
