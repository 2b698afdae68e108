/** The world of one run of istioctl; tests hand in their own. */
export interface Io {
  stdout: (text: string) => void
  stderr: (text: string) => void
  /** One line of input without its end; undefined at the end of input. */
  readLine: () => Promise<string | undefined>
  /** All of standard input. */
  readAll: () => Promise<string>
  env: Readonly<Record<string, string | undefined>>
  folder: string
  /** True when stderr is a terminal: progress then redraws its line. */
  terminal: boolean
}

/** Ends the run with a message after `Error: ` and this exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode = 1, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** Exit code of wrong flags and unknown commands (sysexits EX_USAGE). */
export const usageExitCode = 64
/** Exit code of `analyze` when it found something (EX_CONFIG is 78; istioctl takes the next). */
export const analyzerExitCode = 79
