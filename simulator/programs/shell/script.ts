import type { Command as BashCommand, CommandName, ExecResult, ResolvedCommandContext } from 'just-bash'
import { functionsOf, scriptOf, type ScriptNode } from './ast.ts'
import { INTERRUPTED, type Command, type CommandIo, type Container } from './command.ts'
import { foreign, streaming } from './commands/index.ts'
import { loadBash, withSinks, type Sink } from './files.ts'
import { makeLive, takeTurns } from './live.ts'
import { lines } from './run.ts'

/** What a shell remembers between the lines that are typed into it. */
export interface ShellState {
  cwd: string
  env: Record<string, string>
  /** Texts of the functions defined so far, by name. */
  functions: Map<string, string>
}

export interface ScriptRun {
  script: string
  /** Appended to the first command without any parsing. */
  args?: readonly string[]
  /** Positional parameters: `$1` and on. */
  parameters?: readonly string[]
  state: ShellState
  stdin: Uint8Array
  stdout: (chunk: Uint8Array) => void
  stderr: (chunk: Uint8Array) => void
  tty: boolean
  signal: AbortSignal
  /** How the shell names itself in front of its errors: `sh`, `bash`. */
  name: string
}

const yieldName = '.turn'

/** No limit of the interpreter may end a loop that would go on in a real container. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER
const limits = {
  maxCommandCount: UNBOUNDED,
  maxLoopIterations: UNBOUNDED,
  maxWorkUnits: UNBOUNDED,
  maxExecutionTimeMs: 2 ** 31 - 1,
  maxFileSystemBytes: 64 * 2 ** 20,
  maxOutputSize: 64 * 2 ** 20,
}

/** Runs a script in a container's files with its commands. Output comes while it runs; `state` is brought up to date. */
export async function runScript(
  container: Container,
  commands: ReadonlyMap<string, Command>,
  run: ScriptRun,
): Promise<{ exitCode: number; exited: boolean }> {
  const { Bash, getCommandNames, serialize } = await loadBash()
  const lacking = container.image.shell === false ? [] : (container.image.shell ?? [])
  let exited = false
  const paths = { stdout: '/dev/.stdout', stderr: '/dev/.stderr', exit: '/dev/.exit' }
  const sinks = new Map<string, Sink>([
    [paths.stdout, (chunk) => chunk.length > 0 && run.stdout(chunk)],
    [paths.stderr, (chunk) => chunk.length > 0 && run.stderr(renamed(chunk, run.name))],
    [paths.exit, () => (exited = true)],
    ['/dev/null', () => {}],
    ['/dev/stdout', run.stdout],
    ['/dev/stderr', run.stderr],
    ['/dev/tty', run.stdout],
    // A container's main process writes its log there.
    ['/proc/1/fd/1', lines((line) => container.log?.(line, 'stdout')).write],
    ['/proc/1/fd/2', lines((line) => container.log?.(line, 'stderr')).write],
  ])
  const collected = [...commands].map(([name, command]) => asBashCommand(name, command, container, run))
  const liveCommands = [...commands]
    .filter(([name]) => streaming.has(name))
    .map(([name, command]) => asStreamingCommand(`.live-${name}`, command, container, run))
  const bash = new Bash({
    fs: withSinks(await container.fs(), sinks),
    cwd: run.state.cwd,
    env: run.state.env,
    commands: getCommandNames().filter((name) => !lacking.includes(name) && !foreign.has(name)) as CommandName[],
    customCommands: [...collected, ...liveCommands, yieldCommand(run.signal)],
    executionLimits: limits,
    defenseInDepth: false,
    processInfo: { pid: 7, ppid: 1, uid: container.image.userId, gid: container.image.userId },
  })
  const streamed = new Map([...streaming].filter((name) => commands.has(name)).map((name) => [name, `.live-${name}`]))
  let isNested = false
  bash.registerTransformPlugin({
    name: 'live-output',
    transform: ({ ast }: { ast: ScriptNode }) => {
      const fair = takeTurns(ast, yieldName)
      // What a command of the script runs in its turn (`sh -c`, `xargs`) belongs to that command's output.
      if (isNested) return { ast: fair }
      isNested = true
      for (const node of functionsOf(ast)) run.state.functions.set(node.name, serialize(scriptOf(node)))
      return { ast: makeLive(fair, { ...paths, streaming: streamed }) }
    },
  })
  const parameters = run.parameters?.length ? `set -- ${run.parameters.map(quote).join(' ')}\n` : ''
  const result = await bash.exec(`${[...run.state.functions.values()].join('\n')}\n${parameters}${run.script}`, {
    stdin: Buffer.from(run.stdin).toString('latin1'),
    stdinKind: 'bytes',
    signal: run.signal,
    rawScript: true,
    ...(run.args === undefined ? {} : { args: [...run.args] }),
  })
  if (result.stdout !== '') run.stdout(Buffer.from(result.stdout, 'utf8'))
  if (result.stderr !== '' && !run.signal.aborted) run.stderr(renamed(Buffer.from(result.stderr, 'utf8'), run.name))
  run.state.env = withoutInternals(result.env)
  run.state.cwd = result.env['PWD'] ?? run.state.cwd
  return { exitCode: run.signal.aborted ? INTERRUPTED : result.exitCode, exited }
}

/** `bash: x: command not found`, in the words of the shell that was asked for. */
function renamed(chunk: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(chunk).toString('utf8')
  if (name === 'bash' || !text.startsWith('bash: ')) return chunk
  return Buffer.from(
    text
      .replace(/^bash: (?:line \d+: )?(.*): command not found/gm, `${name}: $1: not found`)
      .replace(/^bash: /gm, `${name}: `),
  )
}

function withoutInternals(env: Record<string, string>): Record<string, string> {
  const internal = new Set([
    '?',
    'SHELLOPTS',
    'BASHOPTS',
    'OPTIND',
    'IFS',
    'OSTYPE',
    'MACHTYPE',
    'HOSTTYPE',
    '_',
    '!',
    '#',
    '@',
    '*',
  ])
  return Object.fromEntries(Object.entries(env).filter(([name]) => !internal.has(name) && /^[A-Za-z_]\w*$/.test(name)))
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function ioOf(
  args: string[],
  context: ResolvedCommandContext,
  container: Container,
  run: ScriptRun,
): Omit<CommandIo, 'stdout' | 'stderr' | 'tty'> {
  const stdin = Buffer.from(context.stdin as unknown as string, 'latin1')
  return {
    args,
    env: context.exportedEnv === undefined ? context.env : new Map(Object.entries(context.exportedEnv)),
    cwd: context.cwd,
    // oxlint-disable-next-line typescript/require-await
    stdin: (async function* () {
      if (stdin.length > 0) yield stdin
    })(),
    signal: context.signal ?? run.signal,
    container,
  }
}

/** A command of ours in a pipe, a substitution or with redirections: its output is collected. */
function asBashCommand(name: string, command: Command, container: Container, run: ScriptRun): BashCommand {
  return {
    name,
    async execute(args, context): Promise<ExecResult> {
      const stdout: Uint8Array[] = []
      let stderr = ''
      const { exec, cwd } = context
      const exitCode = await command({
        ...ioOf(args, context, container, run),
        ...(exec && { exec: (script: string) => exec(script, { cwd }) }),
        stdout: (chunk) => void stdout.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
        stderr: (text) => void (stderr += text),
        tty: false,
      })
      return { stdout: Buffer.concat(stdout).toString('latin1'), stdoutKind: 'bytes', stderr, exitCode }
    },
  }
}

/** A command of ours whose output is the script's own: it is seen at once. */
function asStreamingCommand(name: string, command: Command, container: Container, run: ScriptRun): BashCommand {
  return {
    name,
    async execute(args, context): Promise<ExecResult> {
      const exitCode = await command({
        ...ioOf(args, context, container, run),
        stdout: (chunk) => run.stdout(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
        stderr: (text) => run.stderr(Buffer.from(text)),
        tty: run.tty,
      })
      return { stdout: '', stderr: '', exitCode }
    },
  }
}

/** Keeps `$?` as it is. */
function yieldCommand(signal: AbortSignal): BashCommand {
  return {
    name: yieldName,
    async execute([status = '0']): Promise<ExecResult> {
      await new Promise((resolve) => setImmediate(resolve))
      return { stdout: '', stderr: '', exitCode: signal.aborted ? INTERRUPTED : Number(status) }
    },
  }
}
