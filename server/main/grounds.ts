import path from 'node:path'
import { kindClusters, simulatedClusters, type ClusterProvider, type KindClusterProvider } from '../clusters/index.ts'
import {
  createContainerWorkspaces,
  createLocalWorkspaces,
  localHost,
  sharedTerminals,
  TerminalHostConnection,
  type TerminalHosts,
  type WorkspaceProvider,
} from '../workspaces/index.ts'
import type { ToolboxOrder } from '../../protocol/provisioner.ts'
import type { Config } from './config.ts'
import { openMirrors } from './mirrors.ts'

/** What makes clusters; `kind` is the same once more where it makes real ones. */
export interface Makers {
  provider: ClusterProvider
  kind?: KindClusterProvider
}

/** What sessions stand on: clusters, workspaces and the hosts of their terminals, all of one kind. */
export interface Grounds extends Makers {
  workspaces: WorkspaceProvider
  terminals: TerminalHosts
}

/** With embedded clusters shells run on this machine; beside a real cluster they run in a container of its network. */
export async function openGrounds(
  { dist, data: dataFolder, ...config }: Pick<Config, 'dist' | 'data' | 'labs' | 'provider'>,
  log: (error: unknown, about: string) => void,
): Promise<Grounds> {
  const program = (name: string) => path.join(dist, `${name}.js`)
  const command = (name: string) => [process.execPath, program(name)]
  const mirrors = openMirrors({ dist, data: dataFolder, ...config })
  if (config.provider === 'kind') {
    const kind = kindClusters({ command: command('provisioner'), dataFolder, log })
    const toolboxes = {
      createToolbox: (cluster: string, order: ToolboxOrder) => kind.createToolbox(cluster, order),
      removeToolbox: (cluster: string) => kind.removeToolbox(cluster),
    }
    const containers = await createContainerWorkspaces({ dataFolder, mirrors: mirrors.mirrors, toolboxes, log })
    return { provider: kind, kind, ...containers }
  }
  const provider = simulatedClusters({ command: command('simulator-host'), dataFolder, log })
  const workspaces = await createLocalWorkspaces({ dataFolder, ...mirrors })
  const host = new TerminalHostConnection(localHost({ dataFolder, program: program('terminal-host') }))
  return { provider, workspaces, terminals: sharedTerminals(host) }
}
