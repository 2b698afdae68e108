import type { IFileSystem } from 'just-bash'
import type { ContainerStreams } from '../../kubernetes/index.ts'
import { ExecutableNotFound, type ContainerShell } from '../program.ts'
import { type Command, type CommandIo, type Container, type ContainerOptions, type Process } from './command.ts'
import { commands as allCommands, foreign, special } from './commands/index.ts'
import { envScript, withoutLeadingSlashes } from './commands/files.ts'
import { createFileSystem, initialFiles, loadBash } from './files.ts'
import { readsStdin, runShell } from './shell.ts'
import { quote, runScript } from './script.ts'
import { isInside } from './shared-directory.ts'
import { openTerminal, type Terminal } from './terminal/terminal.ts'

const KILLED = 137
/** The shell's own words that are programs as well. */
const builtins: ReadonlySet<string> = new Set([
  'test',
  '[',
  'echo',
  'printf',
  'true',
  'false',
  'pwd',
  'time',
  'timeout',
])
const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash'])

/** The shell of one container. Costs a few closures until something runs in it. */
export function createContainerShell(options: ContainerOptions): ContainerShell {
  return new LazyContainer(options)
}

class LazyContainer implements ContainerShell {
  readonly #container: Container
  readonly #commands: ReadonlyMap<string, Command>
  readonly #processes = new Map<number, Process>()
  readonly #closed = new AbortController()
  readonly #options: ContainerOptions
  #fs: Promise<IFileSystem> | undefined
  /** Written before anything ran here: volumes of a pod that only serves cost no file system. */
  readonly #staged = new Map<string, string | Uint8Array>()
  #nextPid = 7

  constructor(options: ContainerOptions) {
    this.#options = options
    const { sockets, container } = options
    this.#container = {
      ...options,
      sockets: {
        ip: sockets.ip,
        call: (request, callOptions) => sockets.call(request, { ...callOptions, container }),
        lookup: (name) => sockets.lookup(name),
        dial: (host, port, dialOptions) => sockets.dial(host, port, dialOptions),
      },
      hostname: options.pod['spec']?.hostname ?? options.pod.metadata.name,
      processes: this.#processes,
      main: this.#main,
      fs: () => (this.#fs ??= createFileSystem(options, this.#staged)),
    }
    const { shell = [], commands: own = [] } = options.image
    const lacking: readonly string[] = shell === false ? [...allCommands.keys()] : shell
    this.#commands = new Map(
      [...allCommands].filter(
        ([name]) => (special.has(name) ? own.includes(name) : !lacking.includes(name)) || own.includes(name),
      ),
    )
  }

  async exec(command: readonly string[], streams: ContainerStreams): Promise<{ exitCode: number }> {
    const [executable, ...args] = command
    if (executable === undefined) throw new ExecutableNotFound('')
    const name = await this.#find(executable)
    const pid =
      this.#processes.size === 0 && this.#nextPid === 7 && command.join(' ') === this.#main ? 1 : this.#nextPid
    this.#nextPid++
    const killed = new AbortController()
    this.#processes.set(pid, { pid, command: command.join(' '), end: () => killed.abort() })
    const terminal = openTerminal(streams, AbortSignal.any([this.#closed.signal, killed.signal]))
    try {
      const exitCode = await this.#run(name, args, terminal)
      return { exitCode: terminal.signal.aborted ? KILLED : exitCode }
    } finally {
      this.#processes.delete(pid)
      await terminal.close()
    }
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    if (this.#fs === undefined && !this.#isMounted(path)) {
      const content = this.#staged.get(path) ?? initialFiles(this.#options)[path]
      return typeof content === 'string' ? Buffer.from(content) : content
    }
    const fs = await this.#container.fs()
    return (await fs.exists(path)) && (await fs.stat(path)).isFile ? fs.readFileBuffer(path) : undefined
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    if (this.#fs === undefined && !this.#isMounted(path)) {
      this.#staged.set(path, content)
      return
    }
    const fs = await this.#container.fs()
    await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
    await fs.writeFile(path, content)
  }

  [Symbol.dispose](): void {
    this.#closed.abort()
    this.#fs = undefined
  }

  #isMounted(path: string): boolean {
    return (this.#options.mounts ?? []).some((mount) => isInside(path, mount))
  }

  /** The command line of the pod's own process. */
  get #main(): string {
    const spec = this.#options.pod['spec']?.containers?.find(
      ({ name }: { name: string }) => name === this.#options.container,
    )
    const given = [...(spec?.command ?? []), ...(spec?.args ?? [])]
    return given.length > 0 ? given.join(' ') : `/${(spec?.image ?? 'app').replace(/:.*$/, '').split('/').pop()}`
  }

  /** The command that an executable's name or path means. Throws when the image has none. */
  async #find(executable: string): Promise<string> {
    const match = /^(?:\/(?:usr\/)?(?:local\/)?s?bin\/)?([^/]+)$/.exec(executable)
    const name = match?.[1]
    const { shell, commands: own = [] } = this.#options.image
    if (name !== undefined) {
      if (this.#commands.has(name)) return name
      const isThere = shell !== false && !(shell ?? []).includes(name)
      if (isThere && shells.has(name)) return name
      if (isThere && builtins.has(name)) return name
      if (
        isThere &&
        !special.has(name) &&
        !foreign.has(name) &&
        (await loadBash()).getCommandNames().some((known) => known === name)
      )
        return name
    }
    if (shell !== false || own.length > 0) {
      const fs = await this.#container.fs()
      if (executable.includes('/') && (await fs.exists(executable)) && (await fs.stat(executable)).isFile)
        return executable
    }
    throw new ExecutableNotFound(executable)
  }

  #run(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
    const { env, workingDirectory = '/' } = this.#options
    const cwd = workingDirectory
    const fullEnv = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOSTNAME: this.#container.hostname,
      HOME: this.#options.image.userId === 0 ? '/root' : '/',
      ...(terminal.tty ? { TERM: 'xterm' } : {}),
      ...env,
    }
    if (shells.has(name) || name.includes('/'))
      return runShell(this.#container, this.#commands, {
        shell: name.includes('/') ? 'sh' : name,
        args: name.includes('/') ? [name, ...args] : args,
        env: fullEnv,
        cwd,
        terminal,
      })
    const command = this.#commands.get(name)
    // `env A=b command` runs another command, and so needs the interpreter.
    if (command !== undefined && !(name === 'env' && args.length > 0))
      return terminal.run((job) => {
        const io: CommandIo = {
          args,
          env: new Map(Object.entries(fullEnv)),
          cwd,
          stdin: job.stdin,
          tty: terminal.tty,
          signal: job.signal,
          container: this.#container,
          stdout: (chunk) => terminal.write(chunk),
          stderr: (text) => terminal.writeError(text),
        }
        return command(io)
      })
    return terminal.run(async (job) => {
      const { exitCode } = await runScript(this.#container, this.#commands, {
        script: scriptOf(name, args),
        name,
        tty: terminal.tty,
        signal: job.signal,
        state: { cwd, env: fullEnv, functions: new Map() },
        stdin: readsStdin(` ${name} ${args.join(' ')} `) ? await job.readStdin() : new Uint8Array(),
        stdout: (chunk) => terminal.write(chunk),
        stderr: (chunk) => terminal.writeError(inWords(Buffer.from(chunk).toString())),
      })
      return exitCode
    })
  }
}

/** A direct exec of a command that the interpreter brings, as a script. */
function scriptOf(name: string, args: readonly string[]): string {
  if (name === 'env') return envScript(args)
  return [name, ...(name === 'tar' ? withoutLeadingSlashes(args) : args)].map(quote).join(' ')
}

/** The interpreter's archiver names faults by Node's codes. */
function inWords(text: string): string {
  return text.replaceAll(/ENOENT: no such file or directory(, \w+ '[^']*')?/g, 'Cannot stat: No such file or directory')
}
