import { systemClock } from '../../kubernetes/index.ts'
import type { Image } from '../program.ts'
import type { RequestIo } from '../shell/command.ts'
import { fortio } from '../shell/commands/fortio.ts'
import { call } from './call.ts'
import type { OwnCommand } from './shell.ts'

const known: Readonly<Record<string, (io: RequestIo) => Promise<number>>> = { fortio }

/** Commands that only this image has: the code of their simulated twins, with real calls. */
export function ownCommands({ commands = [] }: Image): ReadonlyMap<string, OwnCommand> {
  return new Map(
    commands.flatMap((name) => {
      const command = known[name]
      return command === undefined ? [] : [[name, real(command)] as const]
    }),
  )
}

function real(command: (io: RequestIo) => Promise<number>): OwnCommand {
  return (args, signal) =>
    command({
      args,
      signal,
      stdout: (chunk) => void process.stdout.write(chunk),
      stderr: (text) => void process.stderr.write(text),
      container: { clock: keepAlive, sockets: { call } },
    })
}

/** A pause of a command is all that this process does: unlike elsewhere, its timers must keep it alive. */
const keepAlive = {
  ...systemClock,
  after(milliseconds: number, callback: () => void): Disposable {
    const timer = setTimeout(callback, milliseconds)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
