import { spawn } from 'node:child_process'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import type { ExecResult } from '../engine.ts'
import { lastWords } from '../last-words.ts'

/** Between the polite signal and the other one. */
const GRACE_MILLISECONDS = 5000
const MAXIMUM_BYTES = 8 * 1024 * 1024
/** Of standard error the end is kept: there stands what went wrong. */
const KEPT_ERROR_CHARACTERS = 16 * 1024

export interface CommandOptions {
  environment: Record<string, string>
  input?: string | Readable
  timeoutMilliseconds: number
  signal?: AbortSignal
  maximumBytes?: number
  /** Where standard output goes, however much; absent: it is collected. */
  output?: Writable
}

/** The program is not on the PATH. */
export class CommandMissing extends Error {
  readonly command: string
  constructor(command: string, cause: unknown) {
    super(`there is no ${command} on the PATH`, { cause })
    this.command = command
  }
}

/**
 * Runs a program in a process group of its own, without a shell, with limits on time and output. The whole group is gone when this
 * settles. @throws CommandMissing; an Error when it took too long, said too much or was given up. An exit code is no error.
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) return reject(new Error(`${command} was given up`))
    const child = spawn(command, args, { env: options.environment, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let size = 0
    let error = ''
    let reason: Error | undefined
    let force: NodeJS.Timeout | undefined
    const end = (why: string) => {
      if (reason !== undefined) return
      reason = new Error(`${command} ${why}`)
      // Nobody may read it any more, and a stream that is not read never closes.
      child.stdout.unpipe().resume()
      signalGroup(child.pid, 'SIGTERM')
      force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MILLISECONDS)
    }
    const limit = setTimeout(
      () => end(`did not end in ${options.timeoutMilliseconds / 1000} s`),
      options.timeoutMilliseconds,
    )
    const abort = () => end('was given up')
    options.signal?.addEventListener('abort', abort, { once: true })
    const settle = () => {
      clearTimeout(limit)
      clearTimeout(force)
      options.signal?.removeEventListener('abort', abort)
    }
    if (options.output === undefined)
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > (options.maximumBytes ?? MAXIMUM_BYTES)) end('said too much')
        else output.push(chunk)
      })
    else child.stdout.pipe(options.output)
    child.stderr.on('data', (chunk: Buffer) => (error = (error + chunk.toString()).slice(-KEPT_ERROR_CHARACTERS)))
    // It ended before it read its input: the exit code says why.
    child.stdin.on('error', () => undefined)
    if (typeof options.input === 'object') options.input.pipe(child.stdin)
    else child.stdin.end(options.input ?? '')
    child.on('error', (cause: NodeJS.ErrnoException) => {
      settle()
      reject(cause.code === 'ENOENT' ? new CommandMissing(command, cause) : cause)
    })
    child.on('close', (code, signal) => {
      settle()
      if (reason !== undefined) {
        signalGroup(child.pid, 'SIGKILL')
        return reject(reason)
      }
      if (signal !== null) return reject(new Error(`${command} was ended by ${signal}`))
      resolve({ exitCode: code ?? 1, output: Buffer.concat(output).toString(), error })
    })
  })
}

type Command = readonly [command: string, args: readonly string[]]

/**
 * What one program says is what another reads. Gives what the second one said, or why the first one failed. When the second one ends,
 * nobody reads the first one any more, so it is ended as well.
 */
export async function pipeCommands(
  [from, fromArgs]: Command,
  [to, toArgs]: Command,
  options: Omit<CommandOptions, 'input' | 'output'>,
): Promise<ExecResult> {
  const between = new PassThrough()
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const [read, written] = await Promise.allSettled([
    runCommand(to, toArgs, { ...options, input: between }).finally(() => {
      stop.abort()
      // What is still on its way has nowhere to go; unread, it would keep the first one's end from being seen.
      between.unpipe().resume()
    }),
    runCommand(from, fromArgs, { ...options, signal, output: between }).finally(() => between.end()),
  ])
  if (read.status === 'fulfilled' && read.value.exitCode === 0) return read.value
  if (written.status === 'fulfilled' && written.value.exitCode !== 0) return written.value
  if (read.status === 'rejected') throw read.reason
  return read.value
}

/** Why `docker` or `kind` gave up, as a part of a sentence. */
export function reasonOfEngine(error: string): string {
  // `docker run` ends with where to read of its options, whatever went wrong.
  const said = error.replaceAll(/^Run 'docker .*$/gm, '')
  return lastWords(said)?.replace(/^(?:docker: )?(?:error|Error response from daemon): /i, '') ?? 'it said nothing'
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // ESRCH: nobody of the group is left.
  }
}
