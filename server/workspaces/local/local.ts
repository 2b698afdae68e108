import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import { type DownloadProxy, startDownloads } from '../downloads/index.ts'
import type { Mirror, RunResult, Workspace, WorkspaceProvider, WorkspaceRequest } from '../provider.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { shellEnvironment } from './environment.ts'
import { runScript } from './run.ts'
import { findSandbox, SANDBOX_HOME, SANDBOX_SETTINGS, SANDBOX_TOOLS, sandboxArguments } from './sandbox.ts'
import { writeSettings } from './settings.ts'
import { findTools, linkTools, type Tools } from './tools.ts'

export interface LocalWorkspacesOptions {
  dataFolder: string
  /** Name of a mirror (of lab.yaml) -> what answers for it. */
  mirrors: Record<string, Mirror>
  /** Files and folders that shells must see besides the system: where our practice istioctl and its modules lie. */
  visible?: string[]
  /** Name of a tool -> our program (for Node) that stands in for it where this machine has none. */
  standIns?: Record<string, string>
  /** False: shells run plainly, though bubblewrap would work. */
  sandbox?: boolean
}

/** Shells on this machine: in bubblewrap where it works, plainly where not. */
export async function createLocalWorkspaces(options: LocalWorkspacesOptions): Promise<WorkspaceProvider> {
  const folder = path.join(options.dataFolder, 'workspaces')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const settings = path.join(folder, 'settings')
  const visible = [await realpath(process.execPath), ...(options.visible ?? [])]
  const { proxy, port, certificate } = await startDownloads(folder, options.mirrors)
  await writeSettings(settings, certificate)
  const probe = path.join(folder, 'probe')
  await mkdir(probe, { recursive: true })
  const bwrap =
    options.sandbox === false
      ? undefined
      : await findSandbox({ home: probe, temporary: probe, settings, visible, tools: {} })
  // Unzipping takes a second or two; the first session waits for it, the start does not.
  const tools = findTools(path.join(options.dataFolder, 'tools'), options.standIns)
  tools.catch(() => {})
  return new LocalWorkspaces({ folder, settings, visible, proxy, port, bwrap, tools })
}

interface Parts {
  folder: string
  settings: string
  visible: string[]
  proxy: DownloadProxy
  port: number
  bwrap: string | undefined
  tools: Promise<Tools>
}

class LocalWorkspaces implements WorkspaceProvider {
  readonly #parts: Parts
  readonly #secrets = new Map<string, string>()
  #tools: Tools = { found: {}, notes: [] }

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async create({ id, kubeconfig, mirrors }: WorkspaceRequest): Promise<Workspace> {
    if (!/^[\w-]+$/.test(id)) throw workspaceError('FILE_OUTSIDE_HOME', { path: id })
    this.#tools = await this.#parts.tools
    if (this.#parts.bwrap === undefined) await linkTools(this.#linked, this.#tools.found)
    const home = this.#home(id)
    const secretFile = path.join(this.#parts.folder, `${id}.secret`)
    await writable(home, async () => {
      await mkdir(path.join(home, '.kube'), { recursive: true, mode: 0o700 })
      await mkdir(this.#temporary(id), { recursive: true, mode: 0o700 })
      await writeFile(path.join(home, '.kube', 'config'), kubeconfig, { mode: 0o600 })
    })
    const secret = await keptSecret(secretFile)
    this.#secrets.set(id, secret)
    this.#parts.proxy.allow(id, { secret, mirrors })
    return { id, sandboxed: this.#parts.bwrap !== undefined, notes: this.#tools.notes }
  }

  shell(id: string): ShellSpec {
    return this.#spec(id, ['bash', '--rcfile', `${this.#settingsInside}/bashrc`, '-i'])
  }

  async writeFile(id: string, file: string, text: string): Promise<string> {
    this.#known(id)
    const home = await realpath(this.#home(id))
    const name = file.replace(/^~\//, '')
    const target = path.resolve(home, name)
    const relative = path.relative(home, target)
    if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative))
      throw workspaceError('FILE_OUTSIDE_HOME', { path: file })
    await writable(`~/${relative}`, async () => {
      await mkdir(path.dirname(target), { recursive: true })
      // The learner may have put a link there that leads out of the home: follow none.
      const parent = await realpath(path.dirname(target))
      if (parent !== home && !parent.startsWith(home + path.sep))
        throw workspaceError('FILE_OUTSIDE_HOME', { path: file })
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
      const handle = await open(
        path.join(parent, path.basename(target)),
        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
        0o644,
      )
      try {
        await handle.writeFile(text)
      } finally {
        await handle.close()
      }
    })
    return `~/${relative}`
  }

  run(id: string, script: string, options: { timeoutMilliseconds: number; signal?: AbortSignal }): Promise<RunResult> {
    return runScript(this.#spec(id, ['bash', '-c', script]), options)
  }

  async delete(id: string): Promise<void> {
    this.#secrets.delete(id)
    this.#parts.proxy.forget(id)
    await rm(path.join(this.#parts.folder, id), { recursive: true, force: true })
    await rm(path.join(this.#parts.folder, `${id}.secret`), { force: true })
  }

  close(): Promise<void> {
    return this.#parts.proxy.close()
  }

  get #linked(): string {
    return path.join(this.#parts.folder, '..', 'tools', 'bin')
  }

  get #settingsInside(): string {
    return this.#parts.bwrap === undefined ? this.#parts.settings : SANDBOX_SETTINGS
  }

  #home(id: string): string {
    return path.join(this.#parts.folder, id, 'home')
  }

  #temporary(id: string): string {
    return path.join(this.#parts.folder, id, 'tmp')
  }

  #known(id: string): string {
    const secret = this.#secrets.get(id)
    if (secret === undefined) throw workspaceError('WORKSPACE_MISSING')
    return secret
  }

  #spec(id: string, command: string[]): ShellSpec {
    const { bwrap, settings, visible, port } = this.#parts
    const home = this.#home(id)
    const proxy = `http://${id}:${this.#known(id)}@127.0.0.1:${port}`
    if (bwrap === undefined) {
      const environment = shellEnvironment({ home, settings, tools: [this.#linked], proxy })
      const [program = 'bash', ...rest] = command
      return { command: program, arguments: rest, folder: home, environment }
    }
    const own = Object.entries(this.#tools.found).filter(([, file]) => !/^\/(usr\/)?s?bin\//.test(file))
    const tools = Object.fromEntries(own)
    return {
      command: bwrap,
      arguments: [...sandboxArguments({ home, temporary: this.#temporary(id), settings, visible, tools }), ...command],
      folder: '/',
      environment: shellEnvironment({ home: SANDBOX_HOME, settings: SANDBOX_SETTINGS, tools: [SANDBOX_TOOLS], proxy }),
    }
  }
}

/** A secret that shells started before a restart still have. */
async function keptSecret(file: string): Promise<string> {
  const secret = randomBytes(24).toString('hex')
  try {
    await writeFile(file, secret, { flag: 'wx', mode: 0o600 })
    return secret
  } catch {
    return readFile(file, 'utf8')
  }
}

async function writable(what: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'FILE_OUTSIDE_HOME') throw error
    if (code === 'ELOOP') throw workspaceError('FILE_OUTSIDE_HOME', { path: what }, error)
    const reason = { ENOSPC: 'the disk is full', EROFS: 'it is read-only', EACCES: 'it is not permitted' }[code ?? '']
    throw workspaceError('WORKSPACE_NOT_WRITABLE', { path: what, reason: reason ?? code ?? String(error) }, error)
  }
}
