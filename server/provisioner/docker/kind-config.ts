import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

export interface KindConfigPlace {
  /** Folder of the templates: kind-config/ of the product, or the operator's. */
  templates: string
  /** Where the rendered files of one cluster lie. */
  folder: string
}

interface Template {
  nodes: { image?: string; extraMounts?: { hostPath: string; containerPath: string; readOnly?: boolean }[] }[]
}

/** kind's configuration of one cluster, from the template `cluster.yaml`. Files that it mounts are named relative to the template. */
export function renderKindConfig(
  { templates, folder }: KindConfigPlace,
  image: string,
): { text: string; files: Record<string, string> } {
  const template = parse(readFileSync(path.join(templates, 'cluster.yaml'), 'utf8')) as Template
  const files: Record<string, string> = {}
  for (const node of template.nodes) {
    node.image = image
    for (const mount of node.extraMounts ?? []) {
      if (path.isAbsolute(mount.hostPath)) continue
      files[path.basename(mount.hostPath)] = readFileSync(path.join(templates, mount.hostPath), 'utf8')
      mount.hostPath = path.join(folder, path.basename(mount.hostPath))
    }
  }
  return { text: JSON.stringify(template, null, 2), files }
}

/** The node image that is used when the operator names none. */
export function defaultNodeImage(templates: string): string {
  return readFileSync(path.join(templates, 'node-image'), 'utf8').trim()
}
