import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import { promisify } from 'node:util'
import path from 'node:path'
import type { Place } from '../../support/world.ts'

const run = promisify(execFile)

/**
 * A mount namespace with a small disk of its own, which only processes that are started inside see. It needs no root where users may
 * make namespaces, and is gone with its last process.
 */
export class SmallDisk implements Place {
  readonly inside: readonly string[]
  readonly #holder: ChildProcess
  readonly #folder: string

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder
    this.#folder = folder
    this.inside = ['nsenter', '--preserve-credentials', '-U', '-m', '-t', String(holder.pid)]
  }

  /** Mounts a disk over a folder. @throws a sentence when this machine permits no mounts */
  static async mount(folder: string, options: string): Promise<SmallDisk> {
    const script = 'mkdir -p "$1" && mount -t tmpfs -o "$2" small "$1" && echo ready && exec sleep 100000'
    const holder = spawn('unshare', ['-U', '-r', '-m', 'sh', '-c', script, 'sh', folder, options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = await new Promise<string>((resolve) => {
      for (const stream of [holder.stdout, holder.stderr])
        stream.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
      holder.once('error', (error) => resolve(error.message))
    })
    if (said === 'ready') return new SmallDisk(holder, folder)
    holder.kill('SIGKILL')
    throw new Error(`This machine lets a test mount no disk of its own: ${said}.`)
  }

  /** Why this machine gives a test no disk; undefined where it does. */
  static async whyNot(): Promise<string | undefined> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-disk-'))
    try {
      await (await SmallDisk.mount(folder, 'size=1m'))[Symbol.asyncDispose]()
      return undefined
    } catch (error) {
      return (error as Error).message
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  /** A file of the disk as this process can open it. */
  seen(file: string): string {
    return path.join('/proc', String(this.#holder.pid), 'root', file)
  }

  /** Runs a command inside. */
  async run(...command: string[]): Promise<void> {
    const [program, ...rest] = [...this.inside, ...command]
    await run(program!, rest)
  }

  /** Takes all the room there is. */
  fill(): void {
    const file = openSync(this.#filler, 'a')
    const page = Buffer.alloc(4096)
    try {
      for (;;) writeSync(file, page)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(file)
    }
  }

  /** Gives it back. */
  makeRoom(): void {
    rmSync(this.#filler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return
    this.#holder.kill('SIGKILL')
    await once(this.#holder, 'exit')
  }

  get #filler(): string {
    return this.seen(path.join(this.#folder, 'filler'))
  }
}
