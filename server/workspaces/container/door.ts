import { chmodSync, closeSync, constants, openSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostLink } from '../terminal-host/index.ts'
import { AGENT_SOCKET } from '../terminal-host/shared-folder.ts'

/** `sun_path` holds 108 bytes, with the closing zero. */
const MAXIMUM_SOCKET_PATH_BYTES = 103
/** After a call that came to nothing the next is taken a little later, and later each time. */
const FIRST_PAUSE_MILLISECONDS = 50
const LAST_PAUSE_MILLISECONDS = 5000
/** A host that is there calls within a second. */
const ABSENT_MILLISECONDS = 4000
const LAST_ABSENT_MILLISECONDS = 60_000
const LONG_CALL_MILLISECONDS = 10_000

/**
 * Where the terminal host of one container calls. The door is open only while nobody is in: whatever else in the container wants to
 * call is turned away by the kernel, at no cost to the server.
 */
export class Door implements HostLink {
  readonly confinedTo: string
  #folder: string | undefined
  #opened: (() => void)[] = []
  #pause = FIRST_PAUSE_MILLISECONDS
  #listening: Server | undefined
  #closed: Error | undefined
  readonly outdated: () => void
  readonly #absent: () => void

  /** `absent` is told when the door was open for a while and nobody called, and again after longer whiles. */
  constructor(session: string, { absent, outdated }: { absent: () => void; outdated: () => void }) {
    this.confinedTo = session
    this.outdated = outdated
    this.#absent = absent
  }

  /** From now on calls come through this folder. */
  open(folder: string): void {
    if (this.#folder !== folder) this.#listening?.close()
    this.#folder = folder
    for (const go of this.#opened.splice(0)) go()
  }

  async connect(): Promise<Socket> {
    if (this.#folder === undefined) await new Promise<void>((resolve) => this.#opened.push(resolve))
    await sleep(this.#pause, undefined, { ref: false })
    this.#pause = Math.min(this.#pause * 2, LAST_PAUSE_MILLISECONDS)
    if (this.#closed !== undefined) throw this.#closed
    const folder = this.#folder!
    const socket = await this.#call(folder).catch((error: unknown) => {
      if (this.#closed !== undefined || folder === this.#folder) throw error
      return this.connect()
    })
    const since = performance.now()
    socket.once('close', () => {
      if (performance.now() - since > LONG_CALL_MILLISECONDS) this.#pause = FIRST_PAUSE_MILLISECONDS
    })
    return socket
  }

  close(): void {
    this.#closed = new Error('the session is over')
    this.#listening?.close()
    for (const go of this.#opened.splice(0)) go()
  }

  #missWhileOpen(server: Server, milliseconds = ABSENT_MILLISECONDS): void {
    setTimeout(() => {
      if (server !== this.#listening || !server.listening) return
      this.#absent()
      this.#missWhileOpen(server, Math.min(2 * milliseconds, LAST_ABSENT_MILLISECONDS))
    }, milliseconds).unref()
  }

  /** The first who calls; then the door is shut. */
  #call(folder: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        if (!server.listening) return void socket.destroy()
        server.close()
        resolve(socket)
      })
      this.#listening = server
      this.#missWhileOpen(server)
      server.once('close', () => reject(this.#closed ?? new Error('the container is another one now')))
      listenIn(folder, AGENT_SOCKET, server).catch(reject)
    })
  }
}

/**
 * Listens on a socket in a folder that only we may write in. Everybody who sees the folder may connect: the folders above it keep out
 * whom it does not concern. A path that is too long for a socket is named by the folder's descriptor, as Linux lets a path say it.
 */
export async function listenIn(folder: string, name: string, server: Server): Promise<void> {
  const file = path.join(folder, name)
  rmSync(file, { force: true })
  const isLong = Buffer.byteLength(file) > MAXIMUM_SOCKET_PATH_BYTES
  const handle = isLong ? openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY) : undefined
  // On closing, the server takes its file away by the path that it was given.
  if (handle !== undefined) server.once('close', () => closeSync(handle))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(handle === undefined ? file : `/proc/self/fd/${handle}/${name}`, resolve)
  })
  chmodSync(file, 0o666)
}
