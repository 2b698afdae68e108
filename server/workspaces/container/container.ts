import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import path from 'node:path'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import { openDownloads, type DownloadProxy } from '../downloads/index.ts'
import { shellEnvironment } from '../local/environment.ts'
import { removeTree } from '../local/remove.ts'
import { keptSecret } from '../local/secret.ts'
import { writeSettings } from '../local/settings.ts'
import { writable } from '../local/writable.ts'
import type { Mirror, RunResult, Workspace, WorkspaceProvider, WorkspaceRequest } from '../provider.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { TerminalHostConnection, terminalsOf, type TerminalHosts } from '../terminal-host/index.ts'
import { DOWNLOADS_PORT, DOWNLOADS_SOCKET } from '../terminal-host/shared-folder.ts'
import { Door, listenIn } from './door.ts'

/** What makes the containers. */
export interface Toolboxes {
  /** A container for a session's shells in its cluster's network; the one that is there when there is one. */
  createToolbox(
    this: void,
    cluster: string,
    order: { session: string; renew?: boolean },
  ): Promise<{ folder: string; nodes: string[] }>
  /** No error when there is none. */
  removeToolbox(this: void, cluster: string): Promise<void>
}

export interface ContainerWorkspacesOptions {
  dataFolder: string
  /** Name of a mirror (of lab.yaml) -> what answers for it. */
  mirrors: Record<string, Mirror>
  toolboxes: Toolboxes
  log(this: void, error: unknown, about: string): void
}

/** Places inside a container. */
const HOME = '/home/learner'
const FOLDER = '/run/labwright'
/** Clusters' nodes, services and pods, as kind numbers them, and the names of services. */
const CLUSTER_NETWORKS = ['10.201.0.0/16', '10.96.0.0/16', '10.244.0.0/16', '.svc', '.cluster.local']
/** Where memory runs out, a shell's program goes before what holds all shells. */
const FIRST_TO_GO = 'echo 500 >/proc/self/oom_score_adj; exec "$@"'

/** Shells in a container for each session, and the hosts of their terminals in there. */
export async function createContainerWorkspaces(
  options: ContainerWorkspacesOptions,
): Promise<{ workspaces: WorkspaceProvider; terminals: TerminalHosts }> {
  const folder = path.join(options.dataFolder, 'workspaces')
  const { proxy, certificate } = await openDownloads(folder, options.mirrors)
  const workspaces = new ContainerWorkspaces({ ...options, folder, proxy, certificate })
  return { workspaces, terminals: workspaces.terminals }
}

interface Parts extends ContainerWorkspacesOptions {
  folder: string
  proxy: DownloadProxy
  certificate: string
}

/** What this server holds of a session's container. */
interface Box {
  door: Door
  connection: TerminalHostConnection
  /** What it was made for. */
  request?: WorkspaceRequest
  isReviving?: boolean
  isRenewed?: boolean
  isDeleted?: boolean
  /** What makes it or its container: its end waits for them. */
  underWay: Set<Promise<unknown>>
  /** Once it is made. */
  made?: { folder: string; secret: string; nodes: string[]; downloads: Server }
}

/** @throws WORKSPACE_MISSING when it was deleted meanwhile */
function mustLive({ isDeleted }: Box): void {
  if (isDeleted === true) throw workspaceError('WORKSPACE_MISSING')
}

class ContainerWorkspaces implements WorkspaceProvider {
  readonly whyPlain = undefined
  readonly standpoint = 'network'
  readonly #parts: Parts
  readonly #boxes = new Map<string, Box>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get terminals(): TerminalHosts {
    return {
      of: (session) => terminalsOf(this.#box(session).connection, session),
      // They go with their container, which goes with the workspace.
      endSession: async () => undefined,
      ready: async () => undefined,
      close: async () => {
        for (const { connection } of this.#boxes.values()) connection[Symbol.dispose]()
      },
    }
  }

  async create(request: WorkspaceRequest): Promise<Workspace> {
    const { id, cluster } = request
    if (!/^[\w-]+$/.test(id)) throw workspaceError('FILE_OUTSIDE_HOME', { path: id })
    if (cluster === undefined) throw workspaceError('WORKSPACE_MISSING')
    const box = this.#box(id)
    return this.#during(box, this.#make(box, { ...request, cluster }))
  }

  async #make(box: Box, request: WorkspaceRequest & { cluster: string }): Promise<Workspace> {
    const { id, kubeconfig, mirrors, cluster } = request
    const own = this.#own(id)
    await writable(id, async () => {
      await mkdir(own, { recursive: true, mode: 0o700 })
      // First, so that whoever ends the session knows what there is to end.
      await writeFile(path.join(own, 'cluster'), cluster, { mode: 0o600 })
    })
    const secret = await keptSecret(path.join(own, 'secret'))
    const { folder, nodes } = await this.#parts.toolboxes.createToolbox(cluster, { session: id })
    mustLive(box)
    await writeSettings(folder, this.#parts.certificate)
    mustLive(box)
    this.#parts.proxy.allow(id, { secret, mirrors })
    box.made?.downloads.close()
    const downloads = this.#parts.proxy.server()
    await listenIn(folder, DOWNLOADS_SOCKET, downloads)
    const isOther = box.made !== undefined && box.made.folder !== folder
    box.made = { folder, secret, nodes, downloads }
    box.request = request
    box.door.open(folder)
    if (isOther) box.connection.hangUp()
    mustLive(box)
    await box.connection.ready()
    return { id, sandboxed: true, notes: await this.#giveKubeconfig(id, kubeconfig) }
  }

  shell(id: string): ShellSpec {
    return this.#spec(id, ['bash', '--rcfile', `${FOLDER}/bashrc`, '-i'])
  }

  async writeFile(id: string, file: string, text: string): Promise<string> {
    this.#made(id)
    const name = file.replace(/^~\//, '')
    await this.#write(id, name, text, { mode: 0o644, ifMissing: false })
    return `~/${path.normalize(name)}`
  }

  async run(
    id: string,
    script: string,
    options: { timeoutMilliseconds: number; signal?: AbortSignal },
  ): Promise<RunResult> {
    return this.#box(id).connection.script(this.#spec(id, ['bash', '-c', script]), options)
  }

  async delete(id: string): Promise<void> {
    const box = this.#boxes.get(id)
    this.#boxes.delete(id)
    if (box !== undefined) {
      box.isDeleted = true
      box.connection[Symbol.dispose]()
      // What they make would be there for nobody, and stay.
      await Promise.allSettled(box.underWay)
      box.made?.downloads.close()
      box.made?.downloads.closeAllConnections()
    }
    this.#parts.proxy.forget(id)
    const cluster = await readFile(path.join(this.#own(id), 'cluster'), 'utf8').catch(() => '')
    if (cluster !== '') await this.#parts.toolboxes.removeToolbox(cluster)
    await removeTree(this.#own(id))
  }

  close(): Promise<void> {
    return this.#parts.proxy.close()
  }

  /** Files about a workspace on this machine. */
  #own(id: string): string {
    return path.join(this.#parts.folder, id)
  }

  #box(id: string): Box {
    const known = this.#boxes.get(id)
    if (known !== undefined) return known
    const door = new Door(id, { absent: () => this.#revive(id), outdated: () => this.#renew(id) })
    const box: Box = { door, connection: new TerminalHostConnection(door), underWay: new Set() }
    this.#boxes.set(id, box)
    return box
  }

  async #during<T>(box: Box, work: Promise<T>): Promise<T> {
    box.underWay.add(work)
    try {
      return await work
    } finally {
      box.underWay.delete(work)
    }
  }

  /** Its container was stopped or taken away by somebody else: it is started, or made anew with an empty home. */
  #revive(id: string): void {
    const box = this.#boxes.get(id)
    if (box?.request === undefined || box.isReviving === true) return
    box.isReviving = true
    this.create(box.request)
      .catch((error: unknown) => {
        if (box.isDeleted !== true) this.#parts.log(error, `bringing back the container of ${id}`)
      })
      .finally(() => (box.isReviving = false))
  }

  /** Its host is of an earlier version of Labwright: it is replaced, once. Shells end, the home stays. */
  #renew(id: string): void {
    const box = this.#boxes.get(id)
    const { cluster } = box?.request ?? {}
    if (box === undefined || cluster === undefined || box.isRenewed === true) return
    box.isRenewed = true
    this.#during(box, this.#parts.toolboxes.createToolbox(cluster, { session: id, renew: true })).catch(
      (error: unknown) => {
        if (box.isDeleted !== true) this.#parts.log(error, `replacing the container of ${id}`)
      },
    )
  }

  #made(id: string): NonNullable<Box['made']> {
    const made = this.#boxes.get(id)?.made
    if (made === undefined) throw workspaceError('WORKSPACE_MISSING')
    return made
  }

  /**
   * Writes the credentials when they are new or gone: what the learner changed in the file since (a namespace, a context) stays theirs.
   * Returns what is to be said of it.
   */
  async #giveKubeconfig(id: string, kubeconfig: string): Promise<string[]> {
    const kept = path.join(this.#own(id), 'kubeconfig')
    const before = await readFile(kept, 'utf8').catch(() => undefined)
    try {
      await this.#write(id, '.kube/config', kubeconfig, { mode: 0o600, ifMissing: before === kubeconfig })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'FILE_OUTSIDE_HOME') throw error
      return ['~/.kube/config is a link, so the credentials of the cluster were not written there. Remove the link.']
    }
    await writeFile(kept, kubeconfig, { mode: 0o600 })
    return []
  }

  async #write(id: string, name: string, text: string, how: { mode: number; ifMissing: boolean }): Promise<void> {
    try {
      await writable(`~/${name}`, () => this.#box(id).connection.write(name, text, how))
    } catch (error) {
      // Said by the host inside: here it becomes an error of ours.
      if ((error as NodeJS.ErrnoException).code !== 'FILE_OUTSIDE_HOME') throw error
      throw workspaceError('FILE_OUTSIDE_HOME', { path: name }, error)
    }
  }

  #spec(id: string, command: string[]): ShellSpec {
    const { secret, nodes } = this.#made(id)
    const proxy = `http://${id}:${secret}@127.0.0.1:${DOWNLOADS_PORT}`
    const direct = [...nodes, ...CLUSTER_NETWORKS]
    return {
      command: 'sh',
      arguments: ['-c', FIRST_TO_GO, 'sh', ...command],
      folder: HOME,
      environment: shellEnvironment({ home: HOME, settings: FOLDER, tools: [], proxy, direct }),
    }
  }
}
