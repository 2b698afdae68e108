import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { clusterId, INTENTS, type Intent } from '../../protocol/provisioner.ts'
import type { ClusterName } from './engine.ts'

const schema = v.object({
  id: clusterId,
  installation: v.string(),
  intent: v.picklist(INTENTS),
  /** Milliseconds since 1970. */
  createdAt: v.number(),
  /** Why it stands still though nobody asked for it, after "it". */
  reason: v.exactOptional(v.string()),
})
export type IntentRow = v.InferOutput<typeof schema>

/**
 * What is meant to become of each cluster, one file a cluster. It is on disk before anything is done, so that a provisioner that takes
 * over from a dead one knows what was under way. Written synchronously: after `write` returns a death takes nothing back.
 */
export class Intents {
  /** Random name of this installation: engine objects of others are none of ours. */
  readonly installation: string
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = path.join(folder, 'installation')
    if (!existsSync(file)) writeDurably(file, randomBytes(3).toString('hex'))
    this.installation = readFileSync(file, 'utf8').trim()
  }

  name(id: string): ClusterName {
    return { name: `lw-${this.installation}-${id}`, installation: this.installation, id }
  }

  /** The cluster's own folder, for this user alone: credentials lie in it. */
  folder(id: string): string {
    return path.join(this.#folder, v.parse(clusterId, id))
  }

  all(): IntentRow[] {
    return readdirSync(this.#folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && v.is(clusterId, entry.name))
      .map(({ name }) => this.get(name) ?? this.#unreadable(name))
  }

  get(id: string): IntentRow | undefined {
    try {
      return v.parse(schema, JSON.parse(readFileSync(this.#file(id), 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      if (error instanceof SyntaxError || v.isValiError(error)) return this.#unreadable(id)
      throw error
    }
  }

  write(id: string, intent: Intent, reason?: string): IntentRow {
    const createdAt = this.get(id)?.createdAt ?? Date.now()
    const why = reason === undefined ? {} : { reason }
    const row = { id, installation: this.installation, intent, createdAt, ...why }
    mkdirSync(this.folder(id), { recursive: true, mode: 0o700 })
    writeDurably(this.#file(id), JSON.stringify(row))
    return row
  }

  /** Nothing is left of the cluster: its folder goes, credentials included. */
  forget(id: string): void {
    rmSync(this.folder(id), { recursive: true, force: true })
  }

  #file(id: string): string {
    return path.join(this.folder(id), 'intent.json')
  }

  /** A folder without an intent is one that was being made or taken away. */
  #unreadable(id: string): IntentRow {
    return { id, installation: this.installation, intent: 'deleting', createdAt: 0 }
  }
}

/** Whoever reads the file finds the old text or the new one, also after a loss of power. */
export function writeDurably(file: string, text: string): void {
  const next = `${file}.next`
  const handle = openSync(next, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(next, file)
  const folder = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
