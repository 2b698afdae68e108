import type { Command, Container } from './command.ts'
import { loadBash } from './files.ts'
import { runScript, type ShellState } from './script.ts'
import type { Terminal } from './terminal/terminal.ts'

interface ShellRun {
  /** `sh`, `bash`, `ash`. */
  shell: string
  args: readonly string[]
  env: Record<string, string>
  cwd: string
  terminal: Terminal
}

/** Words that read standard input: only a script with one of them has to wait for its input to end. */
const readers =
  /(^|[\s;|&(])(cat|read|tee|tar|grep|sed|awk|wc|sh|bash|xargs|base64|head|tail|sort|jq|dd|od|md5sum|sha256sum|gunzip|gzip|while|-)($|[\s;|&)])/

export function readsStdin(script: string): boolean {
  return readers.test(script)
}

/** `sh -c SCRIPT`, `sh FILE`, a script on standard input, or a session on a terminal. */
export async function runShell(
  container: Container,
  commands: ReadonlyMap<string, Command>,
  run: ShellRun,
): Promise<number> {
  const { terminal } = run
  const state: ShellState = { cwd: run.cwd, env: run.env, functions: new Map() }
  const rest = [...run.args]
  let flags = ''
  while (rest[0] !== undefined && /^-[a-z]+$/.test(rest[0]) && !flags.includes('c'))
    flags += (rest.shift() ?? '').slice(1)
  while (rest[0]?.startsWith('--')) rest.shift()
  const set = [...new Set(flags)].filter((letter) => 'eux'.includes(letter)).map((letter) => `set -${letter}\n`)
  const script = async (
    text: string,
    parameters: readonly string[],
    stdin: Promise<Uint8Array> | undefined,
  ): Promise<number> =>
    terminal.run(async (job) => {
      const input = stdin ?? (readsStdin(text) ? job.readStdin() : Promise.resolve(new Uint8Array()))
      const { exitCode } = await runScript(container, commands, {
        script: set.join('') + text,
        parameters,
        state,
        name: run.shell,
        tty: terminal.tty,
        signal: job.signal,
        stdin: await input,
        stdout: (chunk) => terminal.write(chunk),
        stderr: (chunk) => terminal.writeError(chunk),
      })
      return exitCode
    })

  if (flags.includes('c')) {
    const [text, , ...parameters] = rest
    if (text !== undefined) return script(text, parameters, undefined)
    terminal.writeError(`${run.shell}: -c: option requires an argument\n`)
    return 2
  }
  const [file, ...parameters] = rest
  if (file !== undefined) {
    const fs = await container.fs()
    const path = fs.resolvePath(run.cwd, file)
    if (await fs.exists(path)) return script(await fs.readFile(path), parameters, undefined)
    terminal.writeError(`${run.shell}: ${file}: No such file or directory\n`)
    return 127
  }
  if (terminal.tty) return interactive(container, commands, run, state)
  return terminal.run(async (job) => {
    const text = new TextDecoder().decode(await job.readStdin())
    return script(text, [], Promise.resolve(new Uint8Array()))
  })
}

async function interactive(
  container: Container,
  commands: ReadonlyMap<string, Command>,
  run: ShellRun,
  state: ShellState,
): Promise<number> {
  const { terminal } = run
  let status = 0
  for (;;) {
    const text = await readCommand(terminal, promptOf(container, run.shell, state))
    if (text === undefined) {
      if (run.shell === 'bash') terminal.write('exit\n')
      return status
    }
    if (text.trim() === '') continue
    const exited = { now: false }
    const before = status
    status = await terminal.run(async (job) => {
      const result = await runScript(container, commands, {
        // `$?` of the line before.
        script: before === 0 ? text : `(exit ${before})\n${text}`,
        state,
        name: run.shell,
        tty: true,
        signal: job.signal,
        stdin: new Uint8Array(),
        stdout: (chunk) => terminal.write(chunk),
        stderr: (chunk) => terminal.writeError(chunk),
      })
      exited.now = result.exited
      return result.exitCode
    })
    if (exited.now || terminal.signal.aborted) return status
  }
}

/** A whole command, over as many lines as it takes; undefined at the end of input, empty after Ctrl-C. */
async function readCommand(terminal: Terminal, prompt: string): Promise<string | undefined> {
  let text = ''
  for (;;) {
    const event = await terminal.readLine(text === '' ? prompt : '> ')
    if (event.kind === 'end') return text === '' ? undefined : text
    if (event.kind === 'interrupt') return ''
    text += text === '' ? event.text : `\n${event.text}`
    if (text.trim() === '' || !(await isIncomplete(text))) return text
  }
}

/** Whether a shell would ask for more: an open quote, a loop without its `done`, a here-document without its end. */
async function isIncomplete(text: string): Promise<boolean> {
  if (/(^|[^\\])(\\\\)*\\$/.test(text)) return true
  const heredoc = /<<-?\s*(['"]?)([A-Za-z_]\w*)\1/.exec(text)
  if (heredoc?.[2] !== undefined)
    return !text
      .split('\n')
      .slice(1)
      .some((line) => line.trim() === heredoc[2])
  const { parse } = await loadBash()
  try {
    parse(text)
    return /(&&|\|\||\|)\s*$/.test(text)
  } catch (error) {
    return /unexpected end|unexpected EOF|EOF|unterminated|unclosed|Expected '?(done|fi|esac|then|do|\}|\))/i.test(
      String(error),
    )
  }
}

function promptOf({ image, hostname }: Container, shell: string, { cwd, env }: ShellState): string {
  const sign = image.userId === 0 ? '#' : '$'
  const home = env['HOME'] ?? '/'
  const at = home !== '/' && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd
  if (shell === 'bash') return `${image.userId === 0 ? 'root' : 'app'}@${hostname}:${at}${sign} `
  // dash, the sh of images that bring bash as well, shows no directory.
  const hasBash = image.shell !== false && !image.shell?.includes('bash')
  return hasBash ? `${sign} ` : `${at} ${sign} `
}
