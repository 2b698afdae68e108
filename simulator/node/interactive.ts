import type { PassThrough } from 'node:stream'
import type { NodeProgramContext } from './contract.ts'

type Size = { columns: number; rows: number }

/** Both ends of a container's standard streams when the pod asks for stdin: attach joins them. */
export interface Terminal {
  input: PassThrough
  outputs: Set<(chunk: Uint8Array, stream: 'stdout' | 'stderr') => void | Promise<void>>
  resizes: Set<(size: Size) => void>
  /** The newest size, for whoever asks later. */
  size?: Size
}

/** A container with `stdin: true` runs its command in the container's shell, so that attach can type into it. */
export async function runInteractive(
  terminal: Terminal,
  context: NodeProgramContext,
  signal: AbortSignal,
): Promise<number> {
  const given = [...context.command, ...context.args]
  const write =
    (stream: 'stdout' | 'stderr') =>
    async (chunk: Uint8Array): Promise<void> => {
      const text = Buffer.from(chunk)
        .toString()
        .replace(/\r?\n$/, '')
      if (text !== '') context.log(text, stream)
      for (const output of terminal.outputs) await output(chunk, stream)
    }
  const tty = context.pod.spec.containers.some(
    ({ name, tty }: { name: string; tty?: boolean }) => name === context.container && tty === true,
  )
  const { exitCode } = await context.shell.exec(given.length > 0 ? given : ['sh'], {
    stdin: terminal.input,
    stdout: write('stdout'),
    stderr: write('stderr'),
    tty,
    onResize: (listener) => {
      terminal.resizes.add(listener)
      if (terminal.size !== undefined) listener(terminal.size)
    },
    signal,
  })
  return exitCode
}
