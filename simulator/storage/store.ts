import { ApiError, keyOf, type KubeObject, type ResourceName } from '../kubernetes/index.ts'
import { History, type Change } from './history.ts'
import { Journal } from './journal.ts'
import { deepFreeze, jsonOf } from './serialize.ts'

/** How many changes are certainly kept for watches that resume. */
const HISTORY_CHANGES = 2000
/** A new store starts here, so that no version looks like "0" or "unset". */
const FIRST_REVISION = 1

export type ChangeListener = (change: Change) => void

export interface StoreOptions {
  /** Absent: in memory only. */
  folder?: string
  historyChanges?: number
  /** Told when a snapshot fails for another reason than a full disk: the journal then goes on growing. */
  report?: (error: unknown, where: string) => void
}

/**
 * All objects of one cluster, by resource and key, under one growing revision: a write's revision is the object's resourceVersion.
 * Reads and writes are synchronous; what is stored is frozen.
 */
export class Store {
  readonly #resources = new Map<ResourceName, Map<string, KubeObject>>()
  readonly #listeners = new Map<ResourceName, Set<ChangeListener>>()
  #history: History
  #revision = FIRST_REVISION
  readonly #journal: Journal | undefined
  readonly #report: NonNullable<StoreOptions['report']>
  #closed = false

  /** With a folder: restored from it, and every write is in it before it returns. */
  constructor(options: StoreOptions = {}) {
    this.#report = options.report ?? (() => {})
    if (options.folder !== undefined) {
      const { journal, remembered } = Journal.open(options.folder)
      this.#journal = journal
      this.#revision = Math.max(FIRST_REVISION, remembered.revision)
      for (const { resource, object } of remembered.objects) this.#map(resource).set(keyOf(object), deepFreeze(object))
    }
    this.#history = new History(this.#revision, options.historyChanges ?? HISTORY_CHANGES)
  }

  get revision(): number {
    return this.#revision
  }

  /** Changes after this revision can still be told. */
  get oldestRevision(): number {
    return this.#history.since
  }

  get(resource: ResourceName, key: string): KubeObject | undefined {
    return this.#resources.get(resource)?.get(key)
  }

  /** In no particular order. */
  values(resource: ResourceName): Iterable<KubeObject> {
    return this.#resources.get(resource)?.values() ?? []
  }

  count(resource: ResourceName): number {
    return this.#resources.get(resource)?.size ?? 0
  }

  resources(): ResourceName[] {
    return [...this.#resources.keys()].filter((name) => this.count(name) > 0)
  }

  /** The objects as they were at an earlier revision; undefined when that is too long ago. */
  valuesAt(resource: ResourceName, revision: number): Iterable<KubeObject> | undefined {
    if (revision === this.#revision) return this.values(resource)
    const changes = this.#history.after(revision)
    if (changes === undefined) return undefined
    const objects = new Map(this.#resources.get(resource))
    for (const change of changes.toReversed()) {
      if (change.resource !== resource) continue
      if (change.previous === undefined) objects.delete(change.key)
      else objects.set(change.key, change.previous)
    }
    return objects.values()
  }

  /**
   * Stores an object under the next revision, which becomes its resourceVersion. `expected` is the version that it replaces
   * (undefined: it must not exist yet). Returns undefined, and stores nothing, when another write came first.
   */
  put(resource: ResourceName, object: KubeObject, expected: string | undefined): KubeObject | undefined {
    this.#assertOpen()
    const key = keyOf(object)
    const previous = this.get(resource, key)
    if (previous?.metadata.resourceVersion !== expected) return undefined
    const revision = this.#revision + 1
    const stored = deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
    this.#journal?.append(revision, resource, key, jsonOf(stored))
    this.#revision = revision
    this.#map(resource).set(key, stored)
    this.#tell({
      revision,
      resource,
      key,
      object: stored,
      type: previous ? 'MODIFIED' : 'ADDED',
      ...(previous && { previous }),
    })
    return stored
  }

  /** Removes an object, telling `last` (or what is stored) as its last content; undefined when it is not there in that version. */
  remove(resource: ResourceName, key: string, expected: string, last?: KubeObject): KubeObject | undefined {
    this.#assertOpen()
    const previous = this.get(resource, key)
    if (previous === undefined || previous.metadata.resourceVersion !== expected) return undefined
    const revision = this.#revision + 1
    const content = last ?? previous
    const object = deepFreeze({ ...content, metadata: { ...content.metadata, resourceVersion: String(revision) } })
    this.#journal?.append(revision, resource, key, undefined)
    this.#revision = revision
    this.#resources.get(resource)?.delete(key)
    this.#tell({ revision, resource, key, object, previous, type: 'DELETED' })
    return object
  }

  /** Changes of all resources after `revision`; undefined when some are forgotten. */
  changesAfter(revision: number): readonly Change[] | undefined {
    return this.#history.after(revision)
  }

  /** Called with each change right after it is stored; `*` hears all resources. */
  subscribe(resource: ResourceName, listener: ChangeListener): Disposable {
    const listeners = this.#listeners.get(resource) ?? new Set()
    this.#listeners.set(resource, listeners.add(listener))
    return { [Symbol.dispose]: () => void listeners.delete(listener) }
  }

  /** Forgets the past up to now: watches from earlier versions are then told that they are too old. */
  forgetHistory(): void {
    this.#history.compact(this.#revision)
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    this.#journal?.close()
  }

  /** Work that was under way when the cluster stopped may still want to write: its file may be another's by now. */
  #assertOpen(): void {
    if (this.#closed) throw new ApiError(503, 'ServiceUnavailable', 'the cluster has stopped')
  }

  #map(resource: ResourceName): Map<string, KubeObject> {
    let map = this.#resources.get(resource)
    if (map === undefined) this.#resources.set(resource, (map = new Map()))
    return map
  }

  #tell(change: Change): void {
    this.#history.add(change)
    // A copy: whoever begins to listen now has seen this change already.
    const listeners = [change.resource, '*'].flatMap((name) => [...(this.#listeners.get(name) ?? [])])
    for (const listener of listeners) listener(change)
    this.#compact()
  }

  /** The write that made the journal too long is stored and told: a snapshot that fails is no failure of that write. */
  #compact(): void {
    if (this.#closed || !this.#journal?.full) return
    try {
      this.#journal.compact(this.#revision, this.#entries())
    } catch (error) {
      this.#report(error, 'snapshot')
    }
  }

  *#entries(): Generator<{ resource: ResourceName; json: string }> {
    for (const [resource, objects] of this.#resources)
      for (const object of objects.values()) yield { resource, json: jsonOf(object) }
  }
}
