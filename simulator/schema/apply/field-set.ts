/** Sets of field paths, as managedFields hold them (FieldsV1). */
import type { Tree } from '../tree.ts'

/** A node of the set: whether the path to it is a member, and what lies below. Keys are path elements: `f:spec`, `k:{"name":"c"}`, `v:"x"`. */
export interface FieldSet {
  member: boolean
  children: Map<string, FieldSet>
}

export function emptySet(): FieldSet {
  return { member: false, children: new Map() }
}

export function isEmptySet(set: FieldSet): boolean {
  return !set.member && [...set.children.values()].every(isEmptySet)
}

/** Reads FieldsV1; an object without entries is a member. */
export function readFieldsV1(fields: Tree): FieldSet {
  const keys = Object.keys(fields ?? {})
  const set: FieldSet = { member: keys.length === 0, children: new Map() }
  for (const key of keys)
    if (key === '.') set.member = true
    else set.children.set(key, readFieldsV1(fields[key]))
  return set
}

/** Writes FieldsV1, keys sorted. The root itself is never a member. */
export function writeFieldsV1(set: FieldSet): Record<string, Tree> {
  const fields: Record<string, Tree> = {}
  if (set.member && set.children.size > 0) fields['.'] = {}
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key)
    if (child && !isEmptySet(child)) fields[key] = writeFieldsV1(child)
  }
  return fields
}

function put(set: FieldSet, key: string, child: FieldSet): void {
  if (child.member || child.children.size > 0) set.children.set(key, child)
}

// Sets are not changed once they are built, so that parts of one may be parts of another.

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const set: FieldSet = { member: a.member || b.member, children: new Map(a.children) }
  for (const [key, child] of b.children) {
    const other = a.children.get(key)
    set.children.set(key, other ? union(other, child) : child)
  }
  return set
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const set: FieldSet = { member: a.member && !b.member, children: new Map() }
  for (const [key, child] of a.children) {
    const other = b.children.get(key)
    put(set, key, other ? difference(child, other) : child)
  }
  return set
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const set: FieldSet = { member: a.member && b.member, children: new Map() }
  for (const [key, child] of b.children) {
    const other = a.children.get(key)
    if (other) put(set, key, intersection(other, child))
  }
  return set
}

/** Without all that lies at or below the members of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  const set: FieldSet = { member: a.member && !b.member, children: new Map() }
  for (const [key, child] of a.children) {
    const other = b.children.get(key)
    if (other?.member) continue
    const rest = other ? recursiveDifference(child, other) : child
    if (!isEmptySet(rest)) set.children.set(key, rest)
  }
  return set
}

/** The set of some dotted paths of field names: `status`, `metadata.name`. */
export function fieldSetOf(paths: readonly string[]): FieldSet {
  const set = emptySet()
  for (const path of paths) {
    let node = set
    for (const name of path.split('.')) {
      const next = node.children.get(`f:${name}`) ?? emptySet()
      node.children.set(`f:${name}`, next)
      node = next
    }
    node.member = true
  }
  return set
}

function elementText(element: string): string {
  const value = element.slice(2)
  if (element.startsWith('f:')) return `.${value}`
  if (element.startsWith('v:')) return `[=${value}]`
  if (element.startsWith('i:')) return `[${value}]`
  const keys: Record<string, unknown> = JSON.parse(value)
  return `[${Object.entries(keys)
    .map(([key, inner]) => `${key}=${JSON.stringify(inner)}`)
    .join(',')}]`
}

/** The members' paths as Kubernetes writes them: `.spec.containers[name="c"].image`. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const paths = set.member && prefix !== '' ? [prefix] : []
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key)
    if (child) paths.push(...pathsOf(child, prefix + elementText(key)))
  }
  return paths
}
