import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** `sun_path` of a Unix socket holds 108 bytes with its final zero (Linux unix(7)); macOS has 104. */
const MAX_SOCKET_PATH_BYTES = 100

/** Where the terminal host of a data folder listens: in the folder, or, when its path is too long for a socket, in a private temporary one. */
export function socketPath(dataFolder: string): string {
  const inData = path.join(dataFolder, 'terminals.sock')
  if (Buffer.byteLength(inData) <= MAX_SOCKET_PATH_BYTES) return inData
  const name = createHash('sha256').update(path.resolve(dataFolder)).digest('hex').slice(0, 16)
  const folder = path.join(tmpdir(), `labwright-${process.getuid?.() ?? 0}-${name}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return path.join(folder, 'terminals.sock')
}
