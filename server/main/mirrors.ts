import path from 'node:path'
import type { LocalWorkspacesOptions } from '../workspaces/local/index.ts'
import type { Config } from './config.ts'

/** What answers for the downloads of lessons, and what shells must see of the product for it. */
export function openMirrors(config: Pick<Config, 'dist'>): Pick<LocalWorkspacesOptions, 'mirrors' | 'visible'> {
  return { mirrors: {}, visible: [path.dirname(config.dist)] }
}
