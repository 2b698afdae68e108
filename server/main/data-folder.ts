import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'
import { socketPath } from '../sockets/index.ts'

const REASONS: Record<string, string> = {
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'there is a file of that name',
  ENOENT: 'nothing can be made there',
}

/** Makes the data folder, for this user only, or says why it cannot be used. @throws DATA_FOLDER_UNUSABLE */
export function prepareDataFolder(folder: string): void {
  makeDataFolder(folder)
  orUnusable(folder, () => chmodSync(folder, 0o700))
}

/** Makes a folder that can be written in; one that is there keeps its mode. @throws DATA_FOLDER_UNUSABLE */
export function makeDataFolder(folder: string): void {
  orUnusable(folder, () => {
    makeFolder(folder)
    accessSync(folder, constants.W_OK | constants.X_OK)
    tryToWrite(folder)
  })
}

function orUnusable(folder: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw serverError('DATA_FOLDER_UNUSABLE', { folder, reason: REASONS[code] ?? message }, error)
  }
}

/** Not Node's `recursive`: that never returns below /proc, and says ENOENT whatever keeps it from making a parent. */
function makeFolder(folder: string): void {
  const parent = path.dirname(folder)
  if (!existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) throw error
  }
}

/** Root may write everywhere by the modes, and yet not in /proc. On a full disk what was kept can still be used. */
function tryToWrite(folder: string): void {
  try {
    rmdirSync(mkdtempSync(path.join(folder, '.writable-')))
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/**
 * Holds a data folder for one server: a Unix socket that only this user may open. Whoever finds it taken asks it for a new start link,
 * so that a link that was used or lost is replaced by running the command again.
 * @throws DATA_FOLDER_IN_USE with the running server's link
 */
export async function holdDataFolder(folder: string, newLink: () => string): Promise<AsyncDisposable> {
  const socket = socketPath(folder, 'server')
  const holder = await askHolder(socket)
  if (holder !== undefined) throw serverError('DATA_FOLDER_IN_USE', { folder, ...holder })
  rmSync(socket, { force: true })
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ pid: String(process.pid), link: newLink() }))
  })
  await listen(server, socket, folder)
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Process id and a new link of the server behind the socket; undefined when nobody is there. */
function askHolder(socket: string): Promise<{ pid: string; link: string } | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath: socket, path: '/', timeout: 3000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as { pid: string; link: string }))
    })
    // It holds the folder, though it is too busy to answer.
    outgoing.on('timeout', () => resolve({ pid: 'unknown', link: 'the address that it printed' }))
    outgoing.on('error', () => resolve(undefined))
    outgoing.end()
  })
}

async function listen(server: Server, socket: string, folder: string): Promise<void> {
  server.listen(socket)
  try {
    await once(server, 'listening')
    chmodSync(socket, 0o600)
  } catch (error) {
    throw serverError('DATA_FOLDER_UNUSABLE', { folder, reason: (error as Error).message }, error)
  }
}
