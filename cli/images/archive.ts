import { defaultNodeImage } from '../../server/provisioner/docker/kind-config.ts'
import type { Engine } from './engine.ts'
import type { Product } from './build.ts'

/** The node image of real clusters: the operator's, or the one of kind-config/. */
export function nodeImage({ kindConfig }: Product): string {
  return process.env['LABWRIGHT_NODE_IMAGE'] ?? defaultNodeImage(kindConfig)
}

/** Writes images to one file. Resolves to the names under which they will be there after loading. */
export async function saveImages(
  engine: Engine,
  file: string,
  { node, images }: { node: string; images: readonly string[] },
): Promise<string[]> {
  // A digest is a registry's: in an archive only a tag keeps an image's name.
  const tagged = node.replace(/@sha256:.*$/, '')
  if (tagged !== node) await engine.docker(`tag ${node}`, ['tag', node, tagged])
  const names = [tagged, ...images]
  await engine.docker(`save images to ${file}`, ['save', '-o', file, ...names])
  return names
}

/** Resolves to the names of what the file held. */
export async function loadImages(engine: Engine, file: string): Promise<string[]> {
  const output = await engine.docker(`load ${file}`, ['load', '-i', file])
  return [...output.matchAll(/^Loaded image(?: ID)?: (.*)$/gm)].map(([, name]) => name!)
}
