import { constants } from 'node:fs'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { workspaceError } from '../../../protocol/errors/workspace.ts'

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

interface OpenFolder {
  handle: FileHandle
  path: string
}

/**
 * A name in an open folder. By its descriptor (openat, as Linux lets a path say it) it stays in that folder whatever is renamed or linked
 * meanwhile; elsewhere there is no sandbox, and shells may write what this process may.
 */
function below({ handle, path: folder }: OpenFolder, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : path.join(folder, name)
}

/**
 * Writes a file below a home in which a learner's shells are at work, making folders on the way. No link is followed and no pipe waited
 * for: a sandboxed shell must not reach out of its home through this process.
 * @throws FILE_OUTSIDE_HOME for a path that leads out, also through a link
 */
export async function writeInside(home: string, file: string, text: string, mode: number): Promise<void> {
  const outside = (cause?: unknown) => workspaceError('FILE_OUTSIDE_HOME', { path: file }, cause)
  const parts = path.normalize(file).split(path.sep)
  const name = parts.pop() ?? ''
  if (path.isAbsolute(file) || parts.includes('..') || ['', '.', '..'].includes(name)) throw outside()
  const opened: FileHandle[] = []
  const opening = async (where: string, flags: number): Promise<FileHandle> => {
    const handle = await open(where, flags, mode)
    opened.push(handle)
    return handle
  }
  try {
    let folder = { handle: await opening(home, O_RDONLY | O_DIRECTORY), path: home }
    for (const part of parts) {
      await mkdir(below(folder, part)).catch(unlessThere)
      const handle = await opening(below(folder, part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      folder = { handle, path: path.join(folder.path, part) }
    }
    const target = await opening(below(folder, name), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK)
    if (!(await target.stat()).isFile()) throw outside()
    await target.truncate()
    await target.writeFile(text)
  } catch (error) {
    // A link or something else where a folder should be, a link where the file should be, a pipe that nobody reads.
    const isOther = ['ELOOP', 'ENOTDIR', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
    throw isOther ? outside(error) : error
  } finally {
    for (const handle of opened) await handle.close()
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
