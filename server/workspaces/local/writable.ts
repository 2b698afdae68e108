import { LabwrightError } from '../../../protocol/errors/error.ts'
import { workspaceError } from '../../../protocol/errors/workspace.ts'

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the home is full',
  EFBIG: 'it is too large',
  EROFS: 'it is read-only',
  EACCES: 'it is not permitted',
}

/** Says in words for the learner why a file could not be written; `what` names it. @throws WORKSPACE_NOT_WRITABLE, FILE_OUTSIDE_HOME */
export async function writable<T>(what: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'FILE_OUTSIDE_HOME' || error instanceof LabwrightError) throw error
    const reason = REASONS[code] ?? (code === '' ? String(error) : code)
    throw workspaceError('WORKSPACE_NOT_WRITABLE', { path: what, reason }, error)
  }
}
