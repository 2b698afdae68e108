import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.yaml': 'text/plain; charset=utf-8',
  '.yml': 'text/plain; charset=utf-8',
}

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

export interface FileAnswer {
  bytes: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

/**
 * A file below a folder, precompressed where the browser takes it and the file is there. Undefined when there is none;
 * nothing outside the folder is ever read, links included.
 */
export async function readStatic(folder: string, name: string, acceptEncoding = ''): Promise<FileAnswer | undefined> {
  if (name.includes('\0') || name.split('/').some((part) => part.startsWith('.'))) return undefined
  const file = path.join(folder, name)
  const accepted = acceptEncoding.split(',').map((part) => part.trim().split(';')[0])
  const type = TYPES[path.extname(name).toLowerCase()] ?? 'application/octet-stream'
  for (const [encoding, ending] of ENCODINGS) {
    if (!accepted.includes(encoding)) continue
    const bytes = await read(folder, file + ending)
    if (bytes !== undefined)
      return { bytes, headers: { 'Content-Type': type, 'Content-Encoding': encoding, Vary: 'Accept-Encoding' } }
  }
  const bytes = await read(folder, file)
  return bytes === undefined ? undefined : { bytes, headers: { 'Content-Type': type, Vary: 'Accept-Encoding' } }
}

async function read(folder: string, file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const [root, target] = await Promise.all([realpath(folder), realpath(file)])
    if (!target.startsWith(root + path.sep)) return undefined
    return new Uint8Array(await readFile(target))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
}
