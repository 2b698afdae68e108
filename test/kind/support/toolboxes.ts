import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ToolboxOrder } from '../../../protocol/provisioner.ts'
import { createContainerWorkspaces } from '../../../server/workspaces/index.ts'
import type { Mirror, WorkspaceProvider } from '../../../server/workspaces/provider.ts'
import type { TerminalHosts } from '../../../server/workspaces/terminal-host/index.ts'
import { engine } from './engine.ts'
import { soon } from './world.ts'

/** Real toolboxes, each in a network of its own, without clusters: a workspace asks nothing of them. */
export class ToolboxWorld {
  readonly folder: string
  readonly #installation: string
  readonly #mirrors: Record<string, Mirror>

  private constructor(folder: string, mirrors: Record<string, Mirror>) {
    this.folder = folder
    this.#mirrors = mirrors
    this.#installation = Math.floor(Math.random() * 0x1000000)
      .toString(16)
      .padStart(6, '0')
  }

  static async create(mirrors: Record<string, Mirror>): Promise<ToolboxWorld> {
    return new ToolboxWorld(await mkdtemp(path.join(os.tmpdir(), 'labwright-toolboxes-')), mirrors)
  }

  /** A server's workspaces; another one over the same folder is what a restart of the server leads to. */
  async open(): Promise<{ workspaces: WorkspaceProvider; terminals: TerminalHosts }> {
    const { workspaces, terminals } = await createContainerWorkspaces({
      dataFolder: this.folder,
      mirrors: this.#mirrors,
      toolboxes: {
        createToolbox: (id, order) => this.#create(id, order),
        removeToolbox: (id) => engine.remove(this.#cluster(id)),
      },
      log: (error, about) => console.error(about, error),
    })
    const beside: WorkspaceProvider = {
      whyPlain: workspaces.whyPlain,
      standpoint: workspaces.standpoint,
      create: (request) => workspaces.create({ cluster: request.id, ...request }),
      shell: (id) => workspaces.shell(id),
      writeFile: (id, file, text) => workspaces.writeFile(id, file, text),
      run: (id, script, options) => workspaces.run(id, script, options),
      delete: (id) => workspaces.delete(id),
      close: () => workspaces.close(),
    }
    return { workspaces: beside, terminals }
  }

  container(id: string): string {
    return `${this.#cluster(id).name}-toolbox`
  }

  /** As the server has it done when its host is of an earlier version. */
  async renew(id: string): Promise<void> {
    await this.#create(id, { session: id, renew: true })
  }

  async remove(): Promise<void> {
    for (const name of new Set((await engine.owned(this.#installation)).map(({ cluster }) => cluster)))
      await engine.remove({ name, installation: this.#installation, id: name })
    await rm(this.folder, { recursive: true })
  }

  async #create(id: string, order: ToolboxOrder): Promise<{ folder: string; nodes: string[] }> {
    const cluster = this.#cluster(id)
    const folder = path.join(this.folder, 'kind', id, 'toolbox')
    await mkdir(folder, { recursive: true })
    await chmod(folder, 0o755)
    await engine.createNetwork(cluster, soon())
    await engine.createToolbox({ cluster, folder, ...order, signal: soon() })
    return { folder, nodes: [`${cluster.name}-control-plane`] }
  }

  #cluster(id: string) {
    return { name: `lw-${this.#installation}-${id}`, installation: this.#installation, id }
  }
}
