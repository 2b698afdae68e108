import type { Image } from './program.ts'
import { baseName } from './server.ts'
import { runCommand } from './shell/run.ts'

/** Images that bring no server: they run the pod's command, or their own. */
export function toolbox(options: {
  command: readonly string[]
  /** What the entrypoint does with arguments that are no command of the image. */
  entrypoint?: string
  lacks?: readonly string[]
  userId?: number
  memoryMebibytes?: number
}): Image {
  const { command: own, entrypoint, lacks, userId = 0, memoryMebibytes = 1 } = options
  return {
    program: (context) => {
      const { command, args } = context
      if (command.length > 0) return runCommand(context, [...command, ...args])
      if (args.length === 0) return runCommand(context, own)
      const isOption = entrypoint !== undefined && (args[0]?.startsWith('-') || /^https?:/.test(args[0] ?? ''))
      return runCommand(context, isOption ? [baseName(entrypoint), ...args] : args)
    },
    usage: { idleMilliCpu: 0, milliCpuPerRequestPerSecond: 0.2, memoryBytes: memoryMebibytes * 2 ** 20 },
    ...(lacks === undefined ? {} : { shell: lacks }),
    userId,
  }
}
