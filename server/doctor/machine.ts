import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { toolsZip } from '../workspaces/index.ts'

const COMMAND_MILLISECONDS = 10_000

/** What the doctor may ask of a machine. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly nodeVersion: string
  readonly processors: number
  /** Bytes that a new program could get without swapping. */
  readonly freeMemory: number
  /** Standard output of a program, or why there is none: `missing` when it is not on the PATH. */
  run(command: string, args: string[]): Promise<{ output: string } | { missing: true } | { failed: string }>
  /** Tools that Labwright brings for a machine that lacks them. */
  readonly brought: readonly string[]
  /** Undefined when there is no such file. */
  read(file: string): string | undefined
  /** Free bytes of the file system that holds the folder, or will hold it. */
  freeDisk(folder: string): Promise<number>
  isPortFree(port: number): Promise<boolean>
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    processors: os.availableParallelism(),
    freeMemory: availableMemory(),
    brought: toolsZip() === undefined ? [] : ['kubectl', 'helm'],
    run,
    read,
    freeDisk: async (folder) => {
      let there = path.resolve(folder)
      while (!existsSync(there)) there = path.dirname(there)
      const { bavail, bsize } = await statfs(there)
      return bavail * bsize
    },
    isPortFree,
  }
}

async function run(command: string, args: string[]): ReturnType<Machine['run']> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: COMMAND_MILLISECONDS })
    return { output: stdout.trim() }
  } catch (error) {
    const { code, killed, stderr, message } = error as Error & { code?: unknown; killed?: boolean; stderr?: string }
    if (code === 'ENOENT') return { missing: true }
    if (killed === true) return { failed: `no answer within ${COMMAND_MILLISECONDS / 1000} s` }
    return { failed: stderr?.trim().split('\n').at(-1) || message }
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Linux counts what its caches would give back; elsewhere free memory is all that Node knows. */
function availableMemory(): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1]
  return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1024
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
