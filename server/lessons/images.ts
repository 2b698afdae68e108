import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { labError } from '../../protocol/errors/lab.ts'

/** `image: x` in manifests and in YAML of lessons, `--image=x` in commands. */
const named = /(?:(?:^|[{,])[\s-]*image:|--image[= ])\s*['"]?([\w./:@-]*\w)/gm
const texts = new Set(['.yaml', '.yml', '.md', '.sh', '.json'])

/** The images that a lab names, in its lesson, its manifests and its scripts. @throws LAB_NOT_FOUND */
export async function imagesOfLab(folder: string): Promise<string[]> {
  if (!existsSync(path.join(folder, 'lab.yaml')))
    throw labError('LAB_NOT_FOUND', { lab: path.basename(folder), folder: path.dirname(path.resolve(folder)) })
  const found = new Set<string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !texts.has(path.extname(entry.name))) continue
    const text = await readFile(path.join(entry.parentPath, entry.name), 'utf8')
    for (const [, image] of text.matchAll(named)) found.add(image!)
  }
  return [...found].sort()
}

/** Every folder there that holds a lab. */
export async function labFolders(folder: string): Promise<string[]> {
  const entries = existsSync(folder) ? await readdir(folder) : []
  return entries.map((name) => path.join(folder, name)).filter((lab) => existsSync(path.join(lab, 'lab.yaml')))
}

/** As a container engine tags it: without a tag, `latest` is meant. */
export function withTag(image: string): string {
  return /[:@][^/]+$/.test(image) ? image : `${image}:latest`
}
