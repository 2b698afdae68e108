import type { ContainerStreams } from '../../kubernetes/index.ts'
import type { ProgramContext } from '../program.ts'

/** 128 + SIGTERM. */
const TERMINATED = 143

/** Runs a command as a container's main process: its output is the log, and goes to whoever has attached. */
export async function runCommand(context: ProgramContext, command: readonly string[]): Promise<number> {
  if (context.console !== undefined) {
    const { exitCode } = await context.shell.exec(command, context.console)
    return context.signal.aborted ? TERMINATED : exitCode
  }
  const stdout = lines((line) => context.log(line, 'stdout'))
  const stderr = lines((line) => context.log(line, 'stderr'))
  const streams: ContainerStreams = {
    stdin: undefined,
    stdout: stdout.write,
    stderr: stderr.write,
    tty: false,
    onResize: () => {},
    signal: context.signal,
  }
  try {
    const { exitCode } = await context.shell.exec(command, streams)
    return context.signal.aborted ? TERMINATED : exitCode
  } finally {
    stdout.end()
    stderr.end()
  }
}

export function lines(tell: (line: string) => void): { write: (chunk: Uint8Array) => void; end: () => void } {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    write(chunk) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) tell(part)
    },
    end() {
      if (rest !== '') tell(rest)
    },
  }
}
