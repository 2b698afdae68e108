import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'
import type { Lab } from '../../protocol/lab.ts'
import { loadLab } from '../lessons/index.ts'

/** The labs that the server offers, and copies of those that attempts are pinned to. */
export class Labs {
  readonly #folder: string
  readonly #pins: string
  readonly #onBadLab: (id: string, error: Error) => void
  /** What was said of labs that could not be loaded. By id. */
  readonly #reported = new Map<string, string>()
  /** Loading renders every page, so what was loaded is kept until a file of the folder changes. By folder. */
  readonly #loaded = new Map<string, { stamp: string; lab: Promise<Lab> }>()

  /** `folder` holds one folder a lab; `dataFolder` takes the copies. */
  constructor(options: { folder: string; dataFolder: string; onBadLab: (id: string, error: Error) => void }) {
    this.#folder = options.folder
    this.#pins = path.join(options.dataFolder, 'labs')
    this.#onBadLab = options.onBadLab
  }

  /** Every lab that can be loaded; one that cannot is left out, and reported when its fault is a new one. */
  async list(): Promise<Lab[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true })
    const ids = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    const labs = await Promise.all(ids.toSorted().map((id) => this.#listed(id)))
    return labs.filter((lab) => lab !== undefined)
  }

  /** The newest version of a lab. */
  async current(id: string): Promise<Lab> {
    if (!/^[\w-]+$/.test(id) || !(await exists(path.join(this.#folder, id, 'lab.yaml'))))
      throw serverError('LAB_UNKNOWN', { lab: id })
    return this.#load(path.join(this.#folder, id))
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
    return { ...lab, folder: target }
  }

  /** The version that an attempt is pinned to. */
  async pinned(id: string, version: string): Promise<Lab> {
    return { ...(await this.#load(this.#copyOf(id, version))), version }
  }

  async #listed(id: string): Promise<Lab | undefined> {
    const folder = path.join(this.#folder, id)
    if (!(await exists(path.join(folder, 'lab.yaml')))) return undefined
    try {
      const lab = await this.#load(folder)
      this.#reported.delete(id)
      return lab
    } catch (error) {
      const { message } = error as Error
      if (this.#reported.get(id) !== message) this.#onBadLab(id, error as Error)
      this.#reported.set(id, message)
      return undefined
    }
  }

  async #load(folder: string): Promise<Lab> {
    const stamp = await stampOf(folder)
    const known = this.#loaded.get(folder)
    if (known?.stamp === stamp) return known.lab
    const lab = loadLab(folder)
    this.#loaded.set(folder, { stamp, lab })
    // A lab that could not be loaded is looked at again.
    lab.catch(() => this.#loaded.delete(folder))
    return lab
  }

  #copyOf(id: string, version: string): string {
    return path.join(this.#pins, version.replaceAll(/[^\w.-]/g, '_'), id)
  }
}

/** Changes whenever a file of the folder does. */
async function stampOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const stats = await Promise.all(files.map((file) => stat(file)))
  return files.map((file, index) => `${file} ${stats[index]!.size} ${stats[index]!.mtimeMs}`).join('\n')
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
