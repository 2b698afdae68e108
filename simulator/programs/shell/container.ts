import type { IFileSystem } from 'just-bash'
import type { ContainerStreams } from '../../kubernetes/index.ts'
import { ExecutableNotFound, type ContainerShell } from '../program.ts'
import { type Command, type CommandIo, type Container, type ContainerOptions, type Process } from './command.ts'
import { commands as allCommands, special } from './commands/index.ts'
import { createFileSystem, initialFiles, loadBash } from './files.ts'
import { runShell } from './shell.ts'
import { quote, runScript } from './script.ts'
import { openTerminal, type Terminal } from './terminal/terminal.ts'

const KILLED = 137
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
  #nextPid = 7

  constructor(options: ContainerOptions) {
    this.#options = options
    this.#container = {
      ...options,
      hostname: options.pod['spec']?.hostname ?? options.pod.metadata.name,
      processes: this.#processes,
      fs: () => (this.#fs ??= createFileSystem(options)),
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
    // The first command that ever runs here is the container's own.
    const pid = this.#processes.size === 0 && this.#nextPid === 7 ? 1 : this.#nextPid
    this.#nextPid++
    this.#processes.set(pid, { pid, command: command.join(' '), startedAt: this.#options.clock.now() })
    const terminal = openTerminal(streams, this.#closed.signal)
    try {
      const exitCode = await this.#run(name, args, terminal)
      return { exitCode: terminal.signal.aborted ? KILLED : exitCode }
    } finally {
      this.#processes.delete(pid)
      await terminal.close()
    }
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    if (this.#fs === undefined) {
      const content = initialFiles(this.#options)[path]
      return typeof content === 'string' ? Buffer.from(content) : content
    }
    const fs = await this.#fs
    return (await fs.exists(path)) && (await fs.stat(path)).isFile ? fs.readFileBuffer(path) : undefined
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    const fs = await this.#container.fs()
    await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
    await fs.writeFile(path, content)
  }

  [Symbol.dispose](): void {
    this.#closed.abort()
    this.#fs = undefined
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
      if (isThere && !special.has(name) && (await loadBash()).getCommandNames().some((known) => known === name))
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
    if (command !== undefined)
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
        script: [name, ...args].map(quote).join(' '),
        name,
        tty: terminal.tty,
        signal: job.signal,
        state: { cwd, env: fullEnv, functions: new Map() },
        stdin: await job.readStdin(),
        stdout: (chunk) => terminal.write(chunk),
        stderr: (chunk) => terminal.writeError(chunk),
      })
      return exitCode
    })
  }
}
