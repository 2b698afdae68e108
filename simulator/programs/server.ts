import type { HttpHandler, Program, ProgramContext } from './program.ts'
import { runCommand } from './shell/run.ts'

interface ServerImage {
  /** The image's own server, by the names that a pod's `command` may give it. Any other command runs in the shell. */
  binaries: readonly string[]
  /** Ports to serve, from the image's defaults, arguments and environment. */
  ports: (context: ProgramContext) => readonly number[]
  handler: (context: ProgramContext) => HttpHandler
  /** Lines of the log before anything is served. */
  banner?: (context: ProgramContext) => readonly string[]
}

/** A program that serves HTTP until it is told to end. */
export function server({ binaries, ports, handler, banner }: ServerImage): Program {
  const program = async (context: ProgramContext): Promise<number> => {
    const [binary] = context.command
    if (binary !== undefined && !binaries.includes(baseName(binary)))
      return runCommand(context, [...context.command, ...context.args])
    for (const line of banner?.(context) ?? []) context.log(line)
    const serve = handler(context)
    let listening: Disposable[]
    try {
      listening = ports(context).map((port) => context.listen(port, serve))
    } catch (error) {
      context.log(error instanceof Error ? error.message : String(error), 'stderr')
      return 1
    }
    await told(context.signal)
    for (const listener of listening) listener[Symbol.dispose]()
    return 0
  }
  return Object.assign(program, { binaries })
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Resolves when the container is told to end. */
export function told(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The port in `-b 0.0.0.0:8080`, `--port 8080`, `-listen=:5678`; the first option that is given wins. */
export function portArgument(words: readonly string[], options: readonly string[]): number | undefined {
  for (const [index, word] of words.entries()) {
    const [name = '', inline] = word.split('=')
    if (!options.includes(name)) continue
    const port = /(\d+)$/.exec(inline ?? words[index + 1] ?? '')?.[1]
    if (port !== undefined) return Number(port)
  }
  return undefined
}
