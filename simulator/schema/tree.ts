import type { KubeObject } from '../kubernetes/index.ts'

/** A part of an object whose form is known from facts only, not from TypeScript. */
export type Tree = KubeObject[string]

/** A JSON object and no list, no null. */
export function isMap(value: unknown): value is Record<string, Tree> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Equality of JSON values, without regard to the order of keys. */
export function sameTree(a: Tree, b: Tree): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameTree(item, b[i]))
  if (!isMap(a) || !isMap(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameTree(a[key], b[key]))
}

/** A copy that shares nothing with the original; undefined members are dropped, as JSON does. */
export function copyTree<T extends Tree>(value: T): T {
  if (Array.isArray(value)) return value.map((item: Tree) => copyTree(item)) as T
  if (!isMap(value)) return value
  const copy: Record<string, Tree> = {}
  for (const key of Object.keys(value)) if (value[key] !== undefined) copy[key] = copyTree(value[key])
  return copy as T
}
