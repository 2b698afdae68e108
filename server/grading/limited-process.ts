import { spawn, type ChildProcess } from 'node:child_process'

/** How much of a check's output is kept; what is beyond is cut off. */
export const KEPT_OUTPUT_BYTES = 64 * 1024
/** A check that prints more than this is ended. */
export const MAXIMUM_OUTPUT_BYTES = 4 * 1024 * 1024
/** Between the polite signal and the other one. */
export const TERMINATION_GRACE_MILLISECONDS = 2000
/** Output may still be on its way when the process has ended. */
const DRAIN_MILLISECONDS = 200

/** How a process ended, or why it was ended. */
export type Ending =
  | { kind: 'exit'; code: number }
  | { kind: 'signal'; signal: string }
  | { kind: 'timeout' }
  | { kind: 'loud' }
  | { kind: 'aborted' }
  | { kind: 'missing'; reason: string }

/** A process group with a limit on time and output. Nothing of it is left when `ended` resolves. */
export interface LimitedProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ending>
  /** The kept part of standard output and error together. */
  output(): string
  /** Starts the time limit; the signal ends the group as well. */
  limit(timeoutMilliseconds: number, signal: AbortSignal): void
  /** Ends the group now. */
  end(reason: Ending): void
}

export function startLimited(
  command: string,
  options: { arguments: string[]; folder?: string; environment: Record<string, string>; ipc?: boolean },
): LimitedProcess {
  const child = spawn(command, options.arguments, {
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    env: options.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])],
  })
  const chunks: Buffer[] = []
  let size = 0
  let reason: Ending | undefined
  let timers: NodeJS.Timeout[] = []

  const signalGroup = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // ESRCH: nobody of the group is left.
    }
  }
  const after = (milliseconds: number, callback: () => void) => timers.push(setTimeout(callback, milliseconds))
  const end = (why: Ending) => {
    if (reason !== undefined) return
    reason = why
    signalGroup('SIGTERM')
    after(TERMINATION_GRACE_MILLISECONDS, () => signalGroup('SIGKILL'))
  }
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      if (size < KEPT_OUTPUT_BYTES) chunks.push(chunk.subarray(0, KEPT_OUTPUT_BYTES - size))
      size += chunk.length
      if (size > MAXIMUM_OUTPUT_BYTES) end({ kind: 'loud' })
    })

  const ended = new Promise<Ending>((resolve) => {
    const settle = (ending: Ending) => {
      for (const timer of timers) clearTimeout(timer)
      timers = []
      resolve(reason ?? ending)
    }
    child.on('error', (error) => {
      if (child.pid === undefined) settle({ kind: 'missing', reason: error.message })
    })
    child.on('exit', (code, signal) => {
      signalGroup('SIGKILL')
      const ending: Ending = signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal }
      after(DRAIN_MILLISECONDS, () => {
        child.stdout?.destroy()
        child.stderr?.destroy()
        settle(ending)
      })
      child.on('close', () => settle(ending))
    })
  })
  return {
    child,
    ended,
    output: () => Buffer.concat(chunks).toString(),
    limit(timeoutMilliseconds, signal) {
      after(timeoutMilliseconds, () => end({ kind: 'timeout' }))
      const abort = () => end({ kind: 'aborted' })
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      void ended.then(() => signal.removeEventListener('abort', abort))
    },
    end,
  }
}

/** What an ended process says of itself, for a `broken` verdict. */
export function sentenceOf(ending: Ending, seconds: number): { code: string; reason: string } {
  switch (ending.kind) {
    case 'timeout':
      return { code: 'check-timed-out', reason: `The check did not end within ${seconds} s and was stopped.` }
    case 'loud':
      return {
        code: 'check-too-loud',
        reason: `The check printed more than ${MAXIMUM_OUTPUT_BYTES / 1024 / 1024} MiB and was stopped.`,
      }
    case 'signal':
      return ending.signal === 'SIGABRT'
        ? { code: 'check-crashed', reason: 'The check crashed (SIGABRT), most likely because it used too much memory.' }
        : { code: 'check-killed', reason: `The check was ended from outside by signal ${ending.signal}.` }
    case 'missing':
      return { code: 'check-not-started', reason: `The check could not be started: ${ending.reason}.` }
    case 'aborted':
      return { code: 'check-stopped', reason: 'The check was stopped before it could decide.' }
    case 'exit':
      return { code: 'check-crashed', reason: `The check ended with exit code ${ending.code} before it could decide.` }
  }
}
