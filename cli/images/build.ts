import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { cliError } from '../../protocol/errors/cli.ts'
import { findTools } from '../../server/workspaces/local/tools.ts'
import { findImage, repositoryOf } from '../../simulator/programs/index.ts'
import type { Engine } from './engine.ts'

const execute = promisify(execFile)

/** Where the built product lies: dist/, and kind-config/ beside it. */
export interface Product {
  dist: string
  kindConfig: string
  version: string
}

export type Kind = 'sample' | 'workspace'

/** The image of a learner's shells. */
export const workspaceImage = ({ version }: Product): string => `labwright/workspace:${version}`

/** Makes a base of this machine's own programs, for those who reach no registry. Resolves to its name. */
export async function importBase(engine: Engine, { kindConfig }: Product, kind: Kind): Promise<string> {
  const image = `labwright/base:${kind}`
  const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-base-'))
  try {
    const archive = path.join(folder, 'base.tar')
    const script = path.join(kindConfig, 'images/root-file-system.sh')
    await execute('bash', ['-c', 'bash "$0" "$1" > "$2"', script, kind, archive]).catch(
      (error: Error & { stderr?: string }) => {
        const said = error.stderr?.trim().split('\n').at(-1) ?? ''
        const reason = said === '' ? error.message : said.replace(/^root-file-system.sh: /, '')
        throw cliError('BASE_NOT_MADE', { reason }, error)
      },
    )
    await engine.docker(`import ${image}`, ['import', archive, image])
    return image
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Makes the image of one sample program, under the name that labs use. */
export async function buildSample(
  engine: Engine,
  product: Product,
  { image, base }: { image: string; base: string | undefined },
): Promise<void> {
  const found = findImage(image)
  if (found === undefined) throw new Error(`there is no program for ${image}`)
  const { program, userId } = found
  await withContext(async (context) => {
    await cp(path.join(product.dist, 'program.js'), path.join(context, 'dist/program.js'))
    await cp(path.join(product.kindConfig, 'images'), path.join(context, 'kind-config/images'), { recursive: true })
    const values = {
      PROGRAM: repositoryOf(image),
      BINARIES: (program.binaries ?? []).filter((name) => !taken.has(name)).join(' '),
      USER_ID: String(userId),
    }
    await build(engine, { context, file: 'kind-config/images/Dockerfile', image, base, values })
  })
}

/** Programs that the image has anyway, under these names. */
const taken: ReadonlySet<string> = new Set(['node'])

/** Makes the image of a learner's shells, with what this machine has of kubectl, helm and istioctl. */
export async function buildWorkspace(engine: Engine, product: Product, base: string | undefined): Promise<void> {
  await withContext(async (context) => {
    const copy = (from: string, to: string): Promise<void> => cp(from, path.join(context, to), { recursive: true })
    await copy(path.join(product.kindConfig, 'toolbox'), 'kind-config/toolbox')
    await copy(path.join(product.dist, 'terminal-agent.js'), 'dist/terminal-agent.js')
    for (const [name, folder] of Object.entries(ptyPackages())) await copy(folder, `node_modules/${name}`)
    await mkdir(path.join(context, 'tools'))
    // Programs of another system would not run in a container.
    const found = process.platform === 'linux' ? (await findTools(path.join(context, 'unpacked'))).found : {}
    for (const [name, file] of Object.entries(found))
      if (['kubectl', 'helm', 'istioctl'].includes(name))
        await cp(file, path.join(context, 'tools', name), { dereference: true })
    const file = 'kind-config/toolbox/Dockerfile'
    await build(engine, { context, file, image: workspaceImage(product), base, values: {} })
  })
}

/** The terminal host's one package with native code, and that code for Linux. */
function ptyPackages(): Record<string, string> {
  const require = createRequire(import.meta.url)
  const pty = require.resolve('node-pty/package.json')
  const native = `@lydell/node-pty-linux-${process.arch}`
  const binary = createRequire(pty).resolve(`${native}/package.json`)
  return { 'node-pty': path.dirname(pty), [native]: path.dirname(binary) }
}

interface Build {
  context: string
  file: string
  image: string
  base: string | undefined
  values: Record<string, string>
}

async function build(engine: Engine, { context, file, image, base, values }: Build): Promise<void> {
  const given = { ...values, ...(base === undefined ? {} : { BASE: base }) }
  const args = Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  await engine.docker(`build ${image}`, ['build', '-q', '-f', path.join(context, file), ...args, '-t', image, context])
}

async function withContext(use: (context: string) => Promise<void>): Promise<void> {
  const context = await mkdtemp(path.join(os.tmpdir(), 'labwright-image-'))
  try {
    await mkdir(path.join(context, 'dist'))
    await use(context)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}
