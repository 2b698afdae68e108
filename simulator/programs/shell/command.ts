import type { ExecResult, IFileSystem } from 'just-bash'
import type { Clock, KubeObject, Random } from '../../kubernetes/index.ts'
import type { Image, PodSockets } from '../program.ts'
import type { Mount } from './shared-directory.ts'

/** What a shell needs to know of the container that it is in. */
export interface ContainerOptions {
  pod: KubeObject
  container: string
  image: Image
  env: Readonly<Record<string, string>>
  workingDirectory?: string
  sockets: PodSockets
  clock: Clock
  random: Random
  /** Mounted volumes as files, by absolute path; asked when the first command runs. */
  files?: () => Readonly<Record<string, string | Uint8Array>>
  /** Volumes that other containers write to as well. */
  mounts?: readonly Mount[]
  /** Ends the container's main process: what `kill 1` does. */
  terminate?: () => void
  /** One line of the container's log: what is written to /proc/1/fd/1. */
  log?: (line: string, stream?: 'stdout' | 'stderr') => void
}

export interface Process {
  pid: number
  command: string
  /** What a signal to it does. */
  end: () => void
}

/** A running container as its commands see it. */
export interface Container extends ContainerOptions {
  readonly hostname: string
  /** What was started in the container and has not ended. */
  readonly processes: ReadonlyMap<number, Process>
  /** Command line of its main process, pid 1. */
  readonly main: string
  /** The file system; made on first use. */
  fs(): Promise<IFileSystem>
}

/** One run of a command of ours. */
export interface CommandIo {
  /** Without the command's own name. */
  args: readonly string[]
  env: ReadonlyMap<string, string>
  cwd: string
  /** Everything that is piped or typed in; empty when there is no stdin. */
  stdin: AsyncIterable<Uint8Array>
  stdout: (chunk: string | Uint8Array) => void
  stderr: (text: string) => void
  tty: boolean
  signal: AbortSignal
  container: Container
  /** Runs a script in a shell of its own; absent when the command was not called by a shell. */
  exec?: (script: string) => Promise<ExecResult>
}

/** What a command needs that does nothing but send requests: it runs in simulated and in real containers. */
export interface RequestIo extends Pick<CommandIo, 'args' | 'stdout' | 'stderr' | 'signal'> {
  container: { clock: Clock; sockets: Pick<PodSockets, 'call'> }
}

/** Runs to its end; resolves to the exit code. Ends early when the signal fires. */
export type Command = (io: CommandIo) => Promise<number>

/** Exit code of a process that Ctrl-C or a closed client ended: 128 + SIGINT. */
export const INTERRUPTED = 130

export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Resolves after that time, or at once when the signal fires. */
export function pause(
  { clock }: Pick<ContainerOptions, 'clock'>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      timer?.[Symbol.dispose]()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = Number.isFinite(milliseconds) ? clock.after(milliseconds, end) : undefined
    signal.addEventListener('abort', end)
  })
}
