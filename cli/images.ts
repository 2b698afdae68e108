import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cliError } from '../protocol/errors/cli.ts'
import { provisionerError } from '../protocol/errors/provisioner.ts'
import { imagesOfLab, labFolders, withTag } from '../server/lessons/index.ts'
import { findImage } from '../simulator/programs/index.ts'
import { badOption, readOptions, requireWritable } from './command-line.ts'
import { buildSample, buildWorkspace, importBase, workspaceImage, type Product } from './images/build.ts'
import { Engine } from './images/engine.ts'
import { nodeImage, saveImages, loadImages } from './images/archive.ts'
import { version } from './version.ts'

export const usage = `Usage: labwright images list  [LAB...]
       labwright images build [LAB...] [--offline | --base IMAGE]
       labwright images save  FILE [LAB...]
       labwright images load  FILE

What real clusters need: the sample programs of labs, the learners' shells and the node, as images of the engine at DOCKER_HOST.

  list   the images that labs name, and the program of Labwright that each is (LAB is a folder; default: the labs of Labwright)
  build  make them, and the image of learners' shells
  save   write them and the node image (LABWRIGHT_NODE_IMAGE) to one file, for machines that reach no registry
  load   read such a file

  --offline     start from this machine's own programs, not from a registry's image
  --base IMAGE  start from this image

Exit code: 0 done, 1 it could not be done, 2 the options are wrong.`

const actions: Record<string, (words: string[], options: Options) => Promise<void>> = { list, build, save, load }

interface Options {
  offline: boolean
  base?: string
  engine: Engine
}

/** `labwright images`. */
export async function run(args: string[]): Promise<number> {
  const options = { offline: { type: 'boolean' }, base: { type: 'string' } } as const
  const { values, positionals } = readOptions('images', { args, options, allowPositionals: true })
  const [name = '', ...words] = positionals
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) throw badOption('images', `"${name}" is none of ${Object.keys(actions).join(', ')}`)
  const { offline = false, base } = values
  if ((offline || base !== undefined) && name !== 'build') throw badOption('images', `images ${name} takes no base`)
  if (offline && base !== undefined)
    throw badOption('images', '--offline makes a base of its own, so --base is one too many')
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const engine = new Engine(stop.signal)
  await action(words, { offline, engine, ...(base === undefined ? {} : { base }) })
  return 0
}

async function list(words: string[]): Promise<void> {
  for (const image of await imagesOf(words))
    console.log(
      `${image.padEnd(56)}${findImage(image) === undefined ? 'not of Labwright: its maker has it' : 'a program of Labwright'}`,
    )
}

async function build(words: string[], { offline, base, engine }: Options): Promise<void> {
  const images = await imagesOf(words)
  await engine.requireRunning()
  const samples = images.filter((image) => findImage(image) !== undefined)
  const own = product()
  const baseOf = async (kind: 'sample' | 'workspace') => (offline ? importBase(engine, own, kind) : base)
  const sampleBase = await baseOf('sample')
  for (const image of samples) {
    await buildSample(engine, own, { image: withTag(image), base: sampleBase })
    console.log(`built ${withTag(image)}`)
  }
  await buildWorkspace(engine, own, await baseOf('workspace'))
  console.log(`built ${workspaceImage(own)}`)
  for (const image of images.filter((each) => !samples.includes(each)))
    console.log(`not of Labwright, so not built: ${image} (docker pull ${image})`)
}

async function save([file, ...words]: string[], { engine }: Options): Promise<void> {
  if (file === undefined) throw badOption('images', 'The file to write is missing')
  const images = [...(await imagesOf(words)).map(withTag), workspaceImage(product())]
  requireWritable('labwright images save FILE', file)
  await engine.requireRunning()
  const missing = await engine.missing(images)
  if (missing.length > 0) throw cliError('IMAGES_MISSING', { images: missing.join(', ') })
  const node = nodeImage(product())
  if (!(await engine.has(node))) throw provisionerError('NODE_IMAGE_MISSING', { image: node })
  const saved = await saveImages(engine, file, { node, images })
  console.log(`saved ${saved.length} images to ${file}:\n${saved.map((image) => `  ${image}`).join('\n')}`)
}

async function load([file, more]: string[], { engine }: Options): Promise<void> {
  if (file === undefined) throw badOption('images', 'The file to read is missing')
  if (more !== undefined) throw badOption('images', `"${more}" is one word too many: one file is loaded at a time`)
  await engine.requireRunning()
  const loaded = await loadImages(engine, file)
  console.log(`loaded ${loaded.length} images:\n${loaded.map((image) => `  ${image}`).join('\n')}`)
  if (!(await engine.has(nodeImage(product()))))
    console.log(`Start with the node image of this file: LABWRIGHT_NODE_IMAGE=NAME labwright serve --provider kind`)
}

async function imagesOf(words: readonly string[]): Promise<string[]> {
  const folders = words.length > 0 ? words : await labFolders(path.join(product().dist, '..', 'labs'))
  const images = await Promise.all(folders.map((folder) => imagesOfLab(folder)))
  return [...new Set(images.flat())].sort()
}

/** dist/labwright.js runs beside the other programs; kind-config/ and labs/ are beside dist/. */
function product(): Product {
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  return { dist, kindConfig: path.join(dist, '..', 'kind-config'), version }
}
