import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../../..')

/** Makes the image of learners' shells from what is built, unless one is named in LABWRIGHT_WORKSPACE_IMAGE. */
export async function makeWorkspaceImage(): Promise<void> {
  if (process.env['LABWRIGHT_WORKSPACE_IMAGE'] !== undefined) return
  // A lab that names no images: no samples are made.
  const lab = await mkdtemp(path.join(os.tmpdir(), 'labwright-no-images-'))
  await writeFile(path.join(lab, 'lab.yaml'), 'title: None\n')
  await makeImages(lab)
  await rm(lab, { recursive: true })
}

/** Makes the images that the lab of a folder names, and that of learners' shells, from what is built and this machine's programs. */
export async function makeImages(lab: string): Promise<void> {
  await promisify(execFile)(process.execPath, [path.join(root, 'cli/bin.mjs'), 'images', 'build', lab, '--offline'])
}
