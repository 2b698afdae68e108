import { existsSync } from 'node:fs'
import path from 'node:path'
import type { LocalWorkspacesOptions } from '../workspaces/local/index.ts'
import type { Config } from './config.ts'
import { istioMirror } from './mirrors/istio.ts'

/**
 * What answers for the downloads of lessons, and what shells must see of the product to run it. Labs hold solutions: an installed
 * Labwright has them below node_modules, where modules are looked for, and they are hidden there.
 */
export function openMirrors(
  config: Pick<Config, 'dist'> & Partial<Pick<Config, 'data' | 'labs' | 'provider'>>,
): Required<Pick<LocalWorkspacesOptions, 'mirrors' | 'visible' | 'hidden' | 'standIns'>> {
  // A real cluster takes a real istioctl.
  const own = config.provider === 'kind' ? process.env['LABWRIGHT_ISTIOCTL'] || undefined : undefined
  const istio = istioMirror({
    ...(own === undefined ? {} : { own }),
    istioctl: path.join(config.dist, 'istioctl.js'),
    node: process.execPath,
    ...(config.data === undefined ? {} : { releases: path.join(config.data, 'mirrors') }),
  })
  return {
    mirrors: { istio },
    standIns: { curl: path.join(config.dist, 'curl.js'), jq: path.join(config.dist, 'jq.js') },
    hidden: [path.join(config.dist, '..', 'labs'), ...(config.labs === undefined ? [] : [config.labs])],
    visible: [
      config.dist,
      path.join(config.dist, '..', 'package.json'),
      ...modulesOf(config.dist),
      ...(own === undefined ? [] : [own]),
    ],
  }
}

/** Every node_modules folder in which a program of `folder` finds its imports. */
function modulesOf(folder: string): string[] {
  const parent = path.dirname(folder)
  const modules = path.join(folder, 'node_modules')
  const here = existsSync(modules) ? [modules] : []
  return parent === folder ? here : [...here, ...modulesOf(parent)]
}
