import type { KubeObject, ResourceName } from '../kubernetes/index.ts'

/** One stored write. `revision` is its resourceVersion. */
export interface Change {
  revision: number
  resource: ResourceName
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  key: string
  /** For DELETED: the last content with the revision of the deletion. */
  object: KubeObject
  previous?: KubeObject
}

/** The last changes of a store, for watches that resume and for lists at an earlier revision. */
export class History {
  #changes: Change[] = []
  /** Changes after this revision are all known. */
  #since: number
  readonly #limit: number

  constructor(since: number, limit: number) {
    this.#since = since
    this.#limit = limit
  }

  get since(): number {
    return this.#since
  }

  add(change: Change): void {
    this.#changes.push(change)
    // Cut in large steps: shifting one by one would cost on every write.
    if (this.#changes.length < this.#limit * 2) return
    const dropped = this.#changes.splice(0, this.#changes.length - this.#limit)
    this.#since = dropped.at(-1)?.revision ?? this.#since
  }

  /** Changes after `revision`, oldest first; undefined when some of them are no longer known. */
  after(revision: number): readonly Change[] | undefined {
    if (revision < this.#since) return undefined
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return this.#changes.slice(low)
  }

  /** Forgets everything before `revision`, as etcd's compaction does. */
  compact(revision: number): void {
    const kept = this.after(revision)
    if (kept === undefined) return
    this.#changes = [...kept]
    this.#since = revision
  }
}
