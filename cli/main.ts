/** The command `labwright`: dispatches to one file a command. Each is imported only when it is asked for. */

interface CommandModule {
  /** Runs the command; resolves to the exit code. */
  run(args: string[]): Promise<number>
}

const commands: Record<string, { summary: string; load: () => Promise<CommandModule> }> = {
  serve: { summary: 'serve the labs on this machine and print a link', load: () => import('./serve.ts') },
  cluster: { summary: 'run one embedded cluster in the foreground', load: () => import('./cluster.ts') },
  test: {
    summary: 'prove a lab: unmet before, met after its solution, unmet under every wrong answer',
    load: () => import('./test.ts'),
  },
}

/** @returns the exit code: 2 for a command that is not known. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage())
    return 0
  }
  if (name === '--version' || name === 'version') {
    const { version } = await import('./version.ts')
    console.log(version)
    return 0
  }
  const command = commands[name]
  if (command === undefined) {
    console.error(`labwright: there is no command "${name}".\n\n${usage()}`)
    return 2
  }
  return (await command.load()).run(rest)
}

function usage(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  return `Usage: labwright COMMAND [options]\n\n${lines.join('\n')}\n\nlabwright COMMAND --help tells the options of one command.`
}
