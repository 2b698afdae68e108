/** List items as elements of a path: by their keys, by their value, or not at all. */
import { isMap, type Tree } from '../tree.ts'
import type { MapField, Shape } from './shape.ts'

type ListShape = Extract<Shape, { kind: 'list' }>

/** The path element of an item of a set or a keyed list. A key that is absent and has no default counts as null. */
export function elementOf(shape: ListShape, item: Tree): string {
  if (shape.relation === 'set') return `v:${JSON.stringify(item)}`
  const keys: Record<string, unknown> = {}
  for (const key of [...shape.keys].sort()) {
    const value = (isMap(item) ? item[key] : undefined) ?? shape.keyDefaults[key]
    if (value !== undefined) keys[key] = value
  }
  return `k:${JSON.stringify(keys)}`
}

export const isAssociative = (shape: Shape): shape is ListShape => shape.kind === 'list' && shape.relation !== 'atomic'

/** The shape that a value really has: untyped maps merge key by key, untyped lists are one piece. */
export function resolved(shape: Shape, value: Tree, other?: Tree): Shape {
  if (shape.kind !== 'untyped') return shape
  const sample = value ?? other
  if (!isMap(sample)) return { kind: 'scalar' }
  return { kind: 'map', atomic: false, field: (): MapField => ({ shape, named: false }) }
}

/** One step down into a list by element, several items of one element together. */
export function byElement(shape: ListShape, list: Tree): Map<string, Tree[]> {
  const items = new Map<string, Tree[]>()
  for (const item of Array.isArray(list) ? list : []) {
    const element = elementOf(shape, item)
    const same = items.get(element)
    if (same) same.push(item)
    else items.set(element, [item])
  }
  return items
}
