import { randomBytes } from 'node:crypto'
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'
import type { Lab } from '../../protocol/lab.ts'
import { listLabs, loadLab } from '../lessons/index.ts'

/** The labs that the server offers, and copies of those that attempts are pinned to. */
export class Labs {
  readonly #folder: string
  readonly #pins: string
  readonly #onBadLab: (id: string, error: Error) => void

  /** `folder` holds one folder a lab; `dataFolder` takes the copies. */
  constructor(options: { folder: string; dataFolder: string; onBadLab: (id: string, error: Error) => void }) {
    this.#folder = options.folder
    this.#pins = path.join(options.dataFolder, 'labs')
    this.#onBadLab = options.onBadLab
  }

  /** Every lab that can be loaded; one that cannot is reported and left out. */
  async list(): Promise<Lab[]> {
    const listed = await listLabs(this.#folder)
    return listed.flatMap((entry) => {
      if (entry.ok) return [entry.lab]
      this.#onBadLab(entry.id, entry.error)
      return []
    })
  }

  /** The newest version of a lab. */
  async current(id: string): Promise<Lab> {
    if (!/^[\w-]+$/.test(id) || !(await exists(path.join(this.#folder, id, 'lab.yaml'))))
      throw serverError('LAB_UNKNOWN', { lab: id })
    return loadLab(path.join(this.#folder, id))
  }

  /** The lab as it is now, kept in a copy that later edits do not change. */
  async pin(id: string): Promise<Lab> {
    const lab = await this.current(id)
    const target = this.#copyOf(id, lab.version)
    if (!(await exists(target))) {
      await mkdir(path.dirname(target), { recursive: true })
      const half = `${target}.${randomBytes(4).toString('hex')}`
      await cp(lab.folder, half, { recursive: true })
      await rename(half, target).catch(() => rm(half, { recursive: true, force: true }))
    }
    return this.pinned(id, lab.version)
  }

  /** The version that an attempt is pinned to. */
  async pinned(id: string, version: string): Promise<Lab> {
    return { ...(await loadLab(this.#copyOf(id, version))), version }
  }

  #copyOf(id: string, version: string): string {
    return path.join(this.#pins, version.replaceAll(/[^\w.-]/g, '_'), id)
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
