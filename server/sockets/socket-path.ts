import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with the closing zero. */
const MAXIMUM_SOCKET_PATH_BYTES = 103

/**
 * Where the socket `name` of a data folder lies: inside it, or, where that path is too long for a socket,
 * in a folder of this user's own below the system's temporary folder. The same folder always gives the same path.
 * @throws DATA_FOLDER_UNUSABLE when somebody else was there first: their process would be taken for ours, and be given credentials
 */
export function socketPath(dataFolder: string, name: string): string {
  const inside = path.join(dataFolder, 'run', `${name}.sock`)
  if (Buffer.byteLength(inside) <= MAXIMUM_SOCKET_PATH_BYTES) {
    mkdirSync(path.dirname(inside), { recursive: true, mode: 0o700 })
    return inside
  }
  const hash = createHash('sha256').update(path.resolve(dataFolder)).digest('hex').slice(0, 16)
  const folder = path.join(os.tmpdir(), `labwright-${process.getuid?.() ?? 0}-${hash}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isOurs(folder)) {
    const reason = `its path is too long for a socket, and ${folder} is not this user's alone`
    throw serverError('DATA_FOLDER_UNUSABLE', { folder: dataFolder, reason })
  }
  return path.join(folder, `${name}.sock`)
}

function isOurs(folder: string): boolean {
  const entry = lstatSync(folder)
  return entry.isDirectory() && entry.uid === process.getuid?.() && (entry.mode & 0o077) === 0
}
