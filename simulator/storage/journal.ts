import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { ApiError, type KubeObject, type ResourceName } from '../kubernetes/index.ts'

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
  /** Of the journal when a snapshot last found no room. */
  #failedBytes = 0

  private constructor(folder: string) {
    this.#folder = folder
    this.#file = openSync(path.join(folder, 'journal.jsonl'), 'a+', 0o600)
  }

  static open(folder: string): { journal: Journal; remembered: Remembered } {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const journal = new Journal(folder)
    return { journal, remembered: journal.#read() }
  }

  /** @throws an ApiError when the disk is full; then nothing was written, and a later call may succeed */
  append(revision: number, resource: ResourceName, key: string, objectJson: string | undefined): void {
    const head = `{"revision":${revision},"resource":${JSON.stringify(resource)},"key":${JSON.stringify(key)}`
    const line = Buffer.from(objectJson === undefined ? `${head}}\n` : `${head},"object":${objectJson}}\n`)
    try {
      writeAll(this.#file, line)
    } catch (error) {
      // The part that found room would make every later line unreadable.
      ftruncateSync(this.#file, this.#bytes)
      throw isDiskFull(error) ? noRoom(error) : error
    }
    this.#bytes += line.length
  }

  get full(): boolean {
    return this.#bytes > Math.max(COMPACTION_BYTES, this.#snapshotBytes, 2 * this.#failedBytes)
  }

  /**
   * Replaces snapshot and journal. A crash in between is harmless: journal lines up to the snapshot's revision are skipped.
   * Without room for a snapshot everything stays in the journal, until that has doubled.
   */
  compact(revision: number, entries: Iterable<{ resource: ResourceName; json: string }>): void {
    const lines = [`{"revision":${revision}}`]
    for (const { resource, json } of entries) lines.push(`{"resource":${JSON.stringify(resource)},"object":${json}}`)
    const text = Buffer.from(`${lines.join('\n')}\n`)
    const target = path.join(this.#folder, 'snapshot.jsonl')
    try {
      writeWhole(`${target}.new`, text)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      rmSync(`${target}.new`, { force: true })
      this.#failedBytes = this.#bytes
      return
    }
    renameSync(`${target}.new`, target)
    ftruncateSync(this.#file, 0)
    this.#bytes = 0
    this.#failedBytes = 0
    this.#snapshotBytes = text.length
  }

  close(): void {
    closeSync(this.#file)
  }

  #read(): Remembered {
    const objects = new Map<string, { resource: ResourceName; object: KubeObject }>()
    let revision = 0
    const snapshotFile = path.join(this.#folder, 'snapshot.jsonl')
    const snapshot = readLines(snapshotFile)
    // A snapshot is only put in its place when it is whole.
    if (snapshot.torn) throw damaged(snapshotFile, snapshot.lines.length + 1)
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

function writeWhole(name: string, bytes: Buffer): void {
  const file = openSync(name, 'w', 0o600)
  try {
    writeAll(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A write may take a part only: on a disk that is nearly full the first does, without an error. */
function writeAll(file: number, bytes: Buffer): void {
  let offset = 0
  while (offset < bytes.length) offset += writeSync(file, bytes, offset)
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** In place of etcd's "mvcc: database space exceeded": kubectl shows reason and message. */
function noRoom(cause: unknown): ApiError {
  const message =
    'the disk that holds this cluster is full, so nothing was changed; make room there and send the request again'
  return new ApiError(507, 'DISK_FULL', message, undefined, cause)
}

function nameOf(object: KubeObject): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

function damaged(file: string, line: number, cause?: unknown): Error {
  return new Error(`line ${line} of ${file} is damaged; the cluster cannot be restored from it`, { cause })
}

/** Whole lines of a file and how many bytes they take; `torn`: a last line without its end, or that cannot be read, was left out. */
function readLines(file: string): { lines: unknown[]; bytes: number; torn: boolean } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lines: [], bytes: 0, torn: false }
    throw error
  }
  const end = text.lastIndexOf('\n') + 1
  const rows = text.slice(0, end).split('\n').slice(0, -1)
  const lines: unknown[] = []
  for (const [index, row] of rows.entries())
    try {
      lines.push(JSON.parse(row))
    } catch (error) {
      if (index < rows.length - 1) throw damaged(file, index + 1, error)
      return { lines, bytes: Buffer.byteLength(text.slice(0, end - row.length - 1)), torn: true }
    }
  return { lines, bytes: Buffer.byteLength(text.slice(0, end)), torn: end < text.length }
}
