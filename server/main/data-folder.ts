import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs'
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
  ENOENT: 'its parent folder cannot be made',
}

/** Makes the data folder, for this user only, or says why it cannot be used. */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK | constants.X_OK)
    chmodSync(folder, 0o700)
  } catch (error) {
    const { code = '', message } = causeOf(error as NodeJS.ErrnoException, folder)
    throw serverError('DATA_FOLDER_UNUSABLE', { folder, reason: REASONS[code] ?? message }, error)
  }
}

/** Node says ENOENT for a folder that cannot be made, whatever the cause: the parent that is there tells it. */
function causeOf(error: NodeJS.ErrnoException, folder: string): NodeJS.ErrnoException {
  if (error.code !== 'ENOENT') return error
  let parent = path.dirname(folder)
  while (!existsSync(parent)) parent = path.dirname(parent)
  try {
    accessSync(parent, constants.W_OK | constants.X_OK)
    return error
  } catch (cause) {
    return cause as NodeJS.ErrnoException
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
