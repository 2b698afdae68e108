import { lstat, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import { type DownloadProxy, startDownloads } from '../downloads/index.ts'
import type { Mirror, RunResult, Workspace, WorkspaceProvider, WorkspaceRequest } from '../provider.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { shellEnvironment } from './environment.ts'
import { writeInside } from './inside.ts'
import { keptSecret } from './secret.ts'
import { writable } from './writable.ts'
import { removeTree } from './remove.ts'
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
  /** Folders that shells must not see, though they may lie in a visible one or in the system's. The data folder is one of them. */
  hidden?: string[]
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
  const hidden = [...(options.hidden ?? []), options.dataFolder]
  const { proxy, port, certificate } = await startDownloads(folder, options.mirrors)
  await writeSettings(settings, certificate)
  const probe = path.join(folder, 'probe')
  await mkdir(probe, { recursive: true })
  const sandbox =
    options.sandbox === false
      ? { whyNot: 'it is not wanted' }
      : await findSandbox({ home: probe, temporary: probe, settings, visible, hidden, tools: {} })
  // Unzipping takes a second or two; the first session waits for it, the start does not.
  const toolFolder = path.join(options.dataFolder, 'tools')
  const linked = path.join(toolFolder, 'bin')
  const tools = findTools(toolFolder, options.standIns).then(async (all) => {
    if ('whyNot' in sandbox) await linkTools(linked, all.found)
    return all
  })
  tools.catch(() => {})
  return new LocalWorkspaces({ folder, settings, visible, hidden, proxy, port, sandbox, tools, linked })
}

interface Parts {
  folder: string
  settings: string
  visible: string[]
  hidden: string[]
  proxy: DownloadProxy
  port: number
  sandbox: { bwrap: string } | { whyNot: string }
  tools: Promise<Tools>
  /** Links to the tools, for shells without a sandbox. */
  linked: string
}

class LocalWorkspaces implements WorkspaceProvider {
  readonly #parts: Parts
  readonly #secrets = new Map<string, string>()
  readonly #bwrap: string | undefined
  readonly whyPlain: string | undefined
  readonly standpoint = 'machine'
  #tools: Tools = { found: {}, notes: [] }

  constructor(parts: Parts) {
    this.#parts = parts
    if ('bwrap' in parts.sandbox) this.#bwrap = parts.sandbox.bwrap
    else this.whyPlain = parts.sandbox.whyNot
  }

  async create({ id, kubeconfig, mirrors }: WorkspaceRequest): Promise<Workspace> {
    if (!/^[\w-]+$/.test(id)) throw workspaceError('FILE_OUTSIDE_HOME', { path: id })
    this.#tools = await this.#parts.tools
    const home = this.#home(id)
    const notes = await writable(home, async () => {
      await mkdir(home, { recursive: true, mode: 0o700 })
      await mkdir(this.#temporary(id), { recursive: true, mode: 0o700 })
      return this.#giveKubeconfig(id, kubeconfig)
    })
    const secret = await keptSecret(this.#beside(id, 'secret'))
    this.#secrets.set(id, secret)
    this.#parts.proxy.allow(id, { secret, mirrors })
    return { id, sandboxed: this.#bwrap !== undefined, notes: [...this.#tools.notes, ...notes] }
  }

  shell(id: string): ShellSpec {
    return this.#spec(id, ['bash', '--rcfile', `${this.#settingsInside}/bashrc`, '-i'])
  }

  async writeFile(id: string, file: string, text: string): Promise<string> {
    this.#known(id)
    const name = file.replace(/^~\//, '')
    await writable(`~/${name}`, () => writeInside(this.#home(id), name, text, 0o644))
    return `~/${path.normalize(name)}`
  }

  run(id: string, script: string, options: { timeoutMilliseconds: number; signal?: AbortSignal }): Promise<RunResult> {
    return runScript(this.#spec(id, ['bash', '-c', script]), options)
  }

  async delete(id: string): Promise<void> {
    this.#secrets.delete(id)
    this.#parts.proxy.forget(id)
    await removeTree(path.join(this.#parts.folder, id))
    for (const what of ['secret', 'kubeconfig']) await rm(this.#beside(id, what), { force: true })
  }

  close(): Promise<void> {
    return this.#parts.proxy.close()
  }

  get #settingsInside(): string {
    return this.#bwrap === undefined ? this.#parts.settings : SANDBOX_SETTINGS
  }

  /** Files about a workspace that its shells do not see. */
  #beside(id: string, what: string): string {
    return path.join(this.#parts.folder, `${id}.${what}`)
  }

  /**
   * Writes the credentials when they are new or gone: what the learner changed in the file since (a namespace, a context) stays theirs.
   * Returns what is to be said of it.
   */
  async #giveKubeconfig(id: string, kubeconfig: string): Promise<string[]> {
    const before = await readFile(this.#beside(id, 'kubeconfig'), 'utf8').catch(() => undefined)
    const isThere = await lstat(path.join(this.#home(id), '.kube', 'config')).then(
      () => true,
      () => false,
    )
    if (before === kubeconfig && isThere) return []
    try {
      await writeInside(this.#home(id), '.kube/config', kubeconfig, 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'FILE_OUTSIDE_HOME') throw error
      return ['~/.kube/config is a link, so the credentials of the cluster were not written there. Remove the link.']
    }
    await writeFile(this.#beside(id, 'kubeconfig'), kubeconfig, { mode: 0o600 })
    return []
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
    const { settings, visible, hidden, port, linked } = this.#parts
    const bwrap = this.#bwrap
    const home = this.#home(id)
    const proxy = `http://${id}:${this.#known(id)}@127.0.0.1:${port}`
    if (bwrap === undefined) {
      const environment = shellEnvironment({ home, settings, tools: [linked], proxy })
      const [program = 'bash', ...rest] = command
      return { command: program, arguments: rest, folder: home, environment }
    }
    const own = Object.entries(this.#tools.found).filter(([, file]) => !/^\/(usr\/)?s?bin\//.test(file))
    const tools = Object.fromEntries(own)
    return {
      command: bwrap,
      arguments: [
        ...sandboxArguments({ home, temporary: this.#temporary(id), settings, visible, hidden, tools }),
        ...command,
      ],
      folder: '/',
      environment: shellEnvironment({ home: SANDBOX_HOME, settings: SANDBOX_SETTINGS, tools: [SANDBOX_TOOLS], proxy }),
    }
  }
}
