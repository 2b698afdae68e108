/** Who owns which field: server-side apply and the record of every other write (structured-merge-diff's rules). */
import type { NewObject } from '../../kubernetes/index.ts'
import { copyTree, isMap, sameTree, type Tree } from '../tree.ts'
import { emptyObject } from './empty-object.ts'
import { checkTyped } from './check-typed.ts'
import { compare, fieldsOf, withNamedFields } from './compare.ts'
import { conflictError, type Conflict } from './conflicts.ts'
import {
  difference,
  emptySet,
  fieldSetOf,
  intersection,
  isEmptySet,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts'
import { followApply, ownedByLastApplied } from './last-applied.ts'
import { identify, readManagers, writeManagers, type Manager, type Managers } from './managed-fields.ts'
import { mergeValues, removeFields } from './merge.ts'
import type { Shape } from './shape.ts'

export { emptyObject } from './empty-object.ts'
export { mergeShape, type Shape } from './shape.ts'

/** Fields that nobody owns. */
const ownerless = fieldSetOf([
  'apiVersion',
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.creationTimestamp',
  'metadata.selfLink',
  'metadata.uid',
  'metadata.clusterName',
  'metadata.generation',
  'metadata.managedFields',
  'metadata.resourceVersion',
])

interface Write {
  /** From `mergeShape` or `customSchema(…).shape`. */
  shape: Shape
  /** The version that the request speaks: `apps/v1`. */
  apiVersion: string
  manager: string
  /** RFC 3339. */
  now: string
  /** `status`, `scale` …; absent for the object itself. */
  subresource?: string
  /** Dotted paths that this endpoint does not write: `['status']` for an object with a status subresource, `['spec']` for its status. */
  resetFields?: readonly string[]
}

function withoutManagedFields(object: Tree): Tree {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}

/** Writes the list into the object; an empty one is left out. */
function withManagers<T extends NewObject>(object: T, managers: Managers): T {
  const entries = writeManagers(managers)
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata }
}

function dropEmpty(managers: Managers): void {
  for (const [id, manager] of managers) if (isEmptySet(manager.fields)) managers.delete(id)
}

/** Takes changed and removed fields from all other managers; conflicts when they may not be taken, but for the allowed ones. */
function yieldFields(
  managers: Managers,
  own: string,
  write: Write,
  before: Tree,
  after: Tree,
  force: boolean,
  allowed: FieldSet = emptySet(),
): ReturnType<typeof compare> {
  const reset = fieldSetOf(write.resetFields ?? [])
  const raw = compare(write.shape, before, after)
  const changes = {
    added: recursiveDifference(raw.added, reset),
    modified: recursiveDifference(raw.modified, reset),
    removed: recursiveDifference(raw.removed, reset),
  }
  const changed = union(changes.modified, changes.added)
  const conflicts: Conflict[] = []
  for (const [id, manager] of managers) {
    if (id === own) continue
    const fields = intersection(manager.fields, changed)
    if (!isEmptySet(fields)) conflicts.push({ manager, fields })
  }
  const refused = conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields))
  if (refused.length > 0 && !force) throw conflictError(refused)
  for (const { manager, fields } of conflicts) manager.fields = difference(manager.fields, fields)
  for (const [id, manager] of managers) if (id !== own) manager.fields = difference(manager.fields, changes.removed)
  dropEmpty(managers)
  return changes
}

export interface ApplyRequest extends Write {
  /** The stored object; undefined when the apply makes it. */
  live: NewObject | undefined
  applied: NewObject
  force: boolean
}

/**
 * Server-side apply. Gives the merged object with its managedFields, before defaulting; `unchanged` when the live object already was so.
 * Throws an ApiError 409 with one cause a field when others own what is changed and `force` is not set.
 */
export function serverSideApply(request: ApplyRequest): { object: NewObject; unchanged: boolean } {
  const { shape, applied, force } = request
  checkTyped(shape, applied)
  const live: Tree = withoutManagedFields(
    request.live ?? { apiVersion: applied.apiVersion, kind: applied.kind, metadata: {} },
  )
  const config = withoutManagedFields(applied)
  const managers = readManagers(request.live?.metadata.managedFields)
  if (managers.size === 0 && request.live !== undefined) ownBeforeApply(managers, request, live)
  const id: Manager = {
    name: request.manager,
    operation: 'Apply',
    apiVersion: request.apiVersion,
    subresource: request.subresource ?? '',
    fields: emptySet(),
  }
  const own = identify(id)
  const last = managers.get(own)
  const reset = fieldSetOf(request.resetFields ?? [])
  // Fields without an owner count while pruning: a configuration that only names the object still holds on to its metadata.
  const fields = recursiveDifference(fieldsOf(shape, config), reset)
  managers.set(own, { ...id, ...(last?.time === undefined ? {} : { time: last.time }), fields })
  const merged = prune(shape, mergeValues(shape, live, config), managers, last?.fields)
  yieldFields(managers, own, request, live, merged, force, ownedByLastApplied(request, live))
  followApply(request, merged)
  const unchanged = request.live !== undefined && sameTree(merged, live)
  const mine = managers.get(own)
  if (mine) mine.fields = difference(mine.fields, ownerless)
  if (mine && !unchanged) mine.time = request.now
  return { object: withManagers(merged, managers), unchanged }
}

/** An object that was written before anybody kept record: all its fields belong to one manager of that name. */
function ownBeforeApply(managers: Managers, request: Write, live: Tree): void {
  const changes = compare(request.shape, emptyObject(live.apiVersion, live.kind), live)
  const reset = fieldSetOf(request.resetFields ?? [])
  const manager: Manager = {
    name: 'before-first-apply',
    operation: 'Update',
    apiVersion: request.apiVersion,
    subresource: '',
    time: request.now,
    fields: difference(recursiveDifference(union(changes.added, changes.modified), reset), ownerless),
  }
  managers.set(identify(manager), manager)
}

/** Removes what the manager applied last time and no longer does, unless somebody else owns it. */
function prune(shape: Shape, merged: Tree, managers: Managers, last: FieldSet | undefined): Tree {
  if (last === undefined || isEmptySet(last)) return merged
  const named = (set: FieldSet): FieldSet => withNamedFields(shape, set)
  const present = named(fieldsOf(shape, merged))
  const remaining = (value: Tree): FieldSet => named(fieldsOf(shape, value))
  let pruned = removeFields(shape, merged, named(last))
  const owned = named([...managers.values()].reduce((all, manager) => union(all, manager.fields), emptySet()))
  pruned = removeFields(shape, merged, difference(difference(present, remaining(pruned)), owned))
  return removeFields(shape, merged, intersection(difference(present, remaining(pruned)), named(last)))
}

export interface UpdateRequest extends Write {
  /** The stored object; for a create, what an empty object of the kind looks like (`emptyObject`). */
  before: NewObject
  /** The object to be stored, defaulted. */
  after: NewObject
  created?: boolean
}

/** managedFields that a client may send: a list of one empty entry clears the record. */
function isReset(entries: Tree): boolean {
  return (
    Array.isArray(entries) && entries.length === 1 && isMap(entries[0]) && !entries[0].manager && !entries[0].fieldsV1
  )
}

/** The object with its managedFields after a create, update or patch that is not an apply: the writer owns what it changed. */
export function trackUpdate(request: UpdateRequest): NewObject {
  const { before, after, created = false } = request
  const sent = after.metadata.managedFields
  const usable = !request.subresource && sent && sent.length > 0
  const cleared = usable && isReset(sent)
  const managers = cleared ? new Map<string, Manager>() : readManagers(usable ? sent : before.metadata.managedFields)
  const fresh = withoutManagedFields(after)
  // Without any record (cleared on purpose, or never kept) an update does not begin one.
  if (managers.size === 0 && !created) return fresh
  const id: Manager = {
    name: request.manager,
    operation: 'Update',
    apiVersion: request.apiVersion,
    subresource: request.subresource ?? '',
    fields: emptySet(),
  }
  const own = identify(id)
  const changes = yieldFields(managers, '', request, withoutManagedFields(before), fresh, true)
  const gained = difference(union(changes.modified, changes.added), ownerless)
  if (!isEmptySet(gained)) {
    const previous = managers.get(own)
    managers.set(own, { ...id, time: request.now, fields: previous ? union(previous.fields, gained) : gained })
  }
  dropEmpty(managers)
  return withManagers(copyTree(fresh), managers)
}
