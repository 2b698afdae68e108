import { cliError } from '../protocol/errors/cli.ts'
import { complain } from './command-line.ts'

/** The command `labwright`: dispatches to one file a command. Each is imported only when it is asked for. */

interface CommandModule {
  usage: string
  /** Runs the command; resolves to the exit code. @throws a LabwrightError when it cannot do its work */
  run(args: string[]): Promise<number>
}

interface Command {
  summary: string
  /** Exit code when it could not do its work. */
  failed: number
  load: () => Promise<CommandModule>
}

/** Exit code for a command line that is wrong. */
const MISUSED = 2

const commands: Record<string, Command> = {
  serve: { summary: 'serve the labs on this machine and print a link', failed: 1, load: () => import('./serve.ts') },
  cluster: { summary: 'run one embedded cluster in the foreground', failed: 1, load: () => import('./cluster.ts') },
  sessions: { summary: 'say what real clusters left behind', failed: 2, load: () => import('./sessions.ts') },
  test: {
    summary: 'prove a lab: unmet before, met after its solution, unmet under every wrong answer',
    // 1 says that the lab was tested and is not proven.
    failed: 2,
    load: () => import('./test.ts'),
  },
  doctor: {
    summary: 'look whether this machine can run Labwright, and what to do',
    failed: 1,
    load: () => import('./doctor.ts'),
  },
  images: {
    summary: 'make, save and load the images that real clusters need',
    failed: 1,
    load: () => import('./images.ts'),
  },
}

/** @returns the exit code */
export async function main(args: string[]): Promise<number> {
  const [name = 'help', ...rest] = args
  if (['help', '--help', '-h'].includes(name)) {
    console.log(usage())
    return 0
  }
  if (name === '--version' || name === 'version') {
    const { version } = await import('./version.ts')
    console.log(version)
    return 0
  }
  if (!Object.hasOwn(commands, name)) {
    complain(name, cliError('NO_SUCH_COMMAND', { command: name, commands: Object.keys(commands).join(', ') }))
    return MISUSED
  }
  return run(name, commands[name]!, rest)
}

async function run(name: string, { failed, load }: Command, args: string[]): Promise<number> {
  try {
    const command = await load()
    if (!args.includes('--help') && !args.includes('-h')) return await command.run(args)
    console.log(command.usage)
    return 0
  } catch (error) {
    return complain(name, error).code === 'BAD_OPTION' ? MISUSED : failed
  }
}

function usage(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  return `Usage: labwright COMMAND [options]\n\n${lines.join('\n')}\n\nlabwright COMMAND --help tells the options of one command.`
}
