import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with the closing zero. */
const MAXIMUM_SOCKET_PATH_BYTES = 103

/**
 * Where the socket `name` of a data folder lies: inside it, or, where that path is too long for a socket,
 * in a folder of this user's own below the system's temporary folder. The same folder always gives the same path.
 */
export function socketPath(dataFolder: string, name: string): string {
  const inside = path.join(dataFolder, 'run', `${name}.sock`)
  const fits = Buffer.byteLength(inside) <= MAXIMUM_SOCKET_PATH_BYTES
  const hash = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)
  const chosen = fits ? inside : path.join(os.tmpdir(), `labwright-${os.userInfo().uid}-${hash}`, `${name}.sock`)
  mkdirSync(path.dirname(chosen), { recursive: true, mode: 0o700 })
  return chosen
}
