import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { KubeObject, ResourceName } from '../kubernetes/index.ts'

/** What a folder remembers: all objects by resource, and the last revision. */
export interface Remembered {
  revision: number
  objects: { resource: ResourceName; object: KubeObject }[]
}

interface JournalLine {
  revision: number
  resource: ResourceName
  key: string
  /** Absent: deleted. */
  object?: KubeObject
}

/** The journal is folded into a new snapshot when it is larger than this and larger than the last snapshot. */
const COMPACTION_BYTES = 4 * 1024 * 1024

/**
 * A data folder: `snapshot.jsonl` (first line: revision) and `journal.jsonl` (a line per write since). Every line is handed to the operating
 * system before the write is acknowledged, so it outlives the process. A torn last line was never acknowledged and is dropped.
 */
export class Journal {
  readonly #folder: string
  #file: number
  #bytes = 0
  #snapshotBytes = 0

  private constructor(folder: string) {
    this.#folder = folder
    this.#file = openSync(path.join(folder, 'journal.jsonl'), 'a+', 0o600)
  }

  static open(folder: string): { journal: Journal; remembered: Remembered } {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const journal = new Journal(folder)
    return { journal, remembered: journal.#read() }
  }

  append(revision: number, resource: ResourceName, key: string, objectJson: string | undefined): void {
    const head = `{"revision":${revision},"resource":${JSON.stringify(resource)},"key":${JSON.stringify(key)}`
    const line = Buffer.from(objectJson === undefined ? `${head}}\n` : `${head},"object":${objectJson}}\n`)
    let offset = 0
    while (offset < line.length) offset += writeSync(this.#file, line, offset)
    this.#bytes += line.length
  }

  get full(): boolean {
    return this.#bytes > Math.max(COMPACTION_BYTES, this.#snapshotBytes)
  }

  /** Replaces snapshot and journal. A crash in between is harmless: journal lines up to the snapshot's revision are skipped. */
  compact(revision: number, entries: Iterable<{ resource: ResourceName; json: string }>): void {
    const lines = [`{"revision":${revision}}`]
    for (const { resource, json } of entries) lines.push(`{"resource":${JSON.stringify(resource)},"object":${json}}`)
    const text = `${lines.join('\n')}\n`
    const target = path.join(this.#folder, 'snapshot.jsonl')
    const file = openSync(`${target}.new`, 'w', 0o600)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(`${target}.new`, target)
    ftruncateSync(this.#file, 0)
    this.#bytes = 0
    this.#snapshotBytes = text.length
  }

  close(): void {
    closeSync(this.#file)
  }

  #read(): Remembered {
    const objects = new Map<string, { resource: ResourceName; object: KubeObject }>()
    let revision = 0
    const snapshot = readLines(path.join(this.#folder, 'snapshot.jsonl'))
    this.#snapshotBytes = snapshot.bytes
    for (const line of snapshot.lines as (Partial<JournalLine> & { revision?: number })[])
      if (line.object === undefined) revision = line.revision ?? 0
      else
        objects.set(`${line.resource} ${nameOf(line.object)}`, { resource: line.resource ?? '', object: line.object })
    const journal = readLines(path.join(this.#folder, 'journal.jsonl'))
    for (const line of journal.lines as JournalLine[]) {
      if (line.revision <= revision) continue
      const key = `${line.resource} ${line.key}`
      if (line.object === undefined) objects.delete(key)
      else objects.set(key, { resource: line.resource, object: line.object })
      revision = line.revision
    }
    ftruncateSync(this.#file, journal.bytes)
    this.#bytes = journal.bytes
    return { revision, objects: [...objects.values()] }
  }
}

function nameOf(object: KubeObject): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

/** Whole lines of a file and how many bytes they take; a last line without its end or that cannot be read is left out. */
function readLines(file: string): { lines: unknown[]; bytes: number } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], bytes: 0 }
    throw error
  }
  const end = text.lastIndexOf('\n') + 1
  const rows = text.slice(0, end).split('\n').slice(0, -1)
  const lines: unknown[] = []
  for (const [index, row] of rows.entries())
    try {
      lines.push(JSON.parse(row))
    } catch (error) {
      if (index === rows.length - 1) return { lines, bytes: Buffer.byteLength(text.slice(0, end - row.length - 1)) }
      throw new Error(`line ${index + 1} of ${file} is damaged; the cluster cannot be restored from it`, {
        cause: error,
      })
    }
  return { lines, bytes: Buffer.byteLength(text.slice(0, end)) }
}
