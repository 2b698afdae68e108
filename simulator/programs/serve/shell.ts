import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import type { ContainerStreams } from '../../kubernetes/index.ts'
import { ExecutableNotFound, type ContainerShell } from '../program.ts'

/** Streams of the process itself: a command that gets these takes its place on the terminal, byte for byte. */
export function ownStreams(signal: AbortSignal): ContainerStreams {
  return { stdin: process.stdin, stdout: () => {}, stderr: () => {}, tty: false, onResize: () => {}, signal }
}

/** A command that only this program brings, as `fortio load` is. */
export type OwnCommand = (args: readonly string[], signal: AbortSignal) => Promise<number>

/** The real container: its own programs and its own files. */
export class RealShell implements ContainerShell {
  readonly #own: ReadonlyMap<string, OwnCommand>
  readonly #running = new Set<ChildProcess>()

  constructor(own: ReadonlyMap<string, OwnCommand> = new Map()) {
    this.#own = own
  }

  async exec([executable = '', ...args]: readonly string[], streams: ContainerStreams): Promise<{ exitCode: number }> {
    const own = this.#own.get(executable)
    if (own !== undefined) return { exitCode: await own(args, streams.signal) }
    // Only the main process of a container runs commands here, and it hands its own streams on.
    const child = spawn(executable, args, { stdio: 'inherit' })
    this.#running.add(child)
    const stop = (): void => void child.kill('SIGTERM')
    streams.signal.addEventListener('abort', stop, { once: true })
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      return { exitCode: code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0) }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw code === 'ENOENT' || code === 'EACCES' ? new ExecutableNotFound(executable) : error
    } finally {
      streams.signal.removeEventListener('abort', stop)
      this.#running.delete(child)
    }
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(path)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) return undefined
      throw error
    }
  }

  writeFile(path: string, content: string | Uint8Array): Promise<void> {
    return writeFile(path, content)
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill('SIGKILL')
  }
}
