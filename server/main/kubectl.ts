import { serverError } from '../../protocol/errors/server.ts'
import { INSTALL_TOOLS, isPackagedFor, programOnPath, toolsZip } from '../workspaces/index.ts'

/** A sentence for the operator when learners will have no kubectl; undefined when they will. */
export function kubectlNote(): string | undefined {
  if (programOnPath('kubectl') !== undefined || toolsZip() !== undefined) return undefined
  const how = isPackagedFor() ? `run "${INSTALL_TOOLS}"` : 'see https://kubernetes.io/docs/tasks/tools'
  const note = serverError('KUBECTL_MISSING', { how })
  return `${note.message} [${note.code}]`
}
