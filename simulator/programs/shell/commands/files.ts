import { pause, readAll, type Command, type CommandIo } from '../command.ts'

const FOLLOW_INTERVAL_MS = 200

/** Variables of the shell itself, which are in nobody's environment. */
const internal: ReadonlySet<string> = new Set([
  'IFS',
  'OSTYPE',
  'MACHTYPE',
  'HOSTTYPE',
  'OPTIND',
  'SHELLOPTS',
  'BASHOPTS',
  'OLDPWD',
])

const printenv: Command = async ({ args, env, stdout }) => {
  const names = args.filter((word) => !word.startsWith('-'))
  const shown = [...env].filter(([name]) => !internal.has(name))
  if (names.length === 0) stdout(shown.map(([name, value]) => `${name}=${value}\n`).join(''))
  else for (const name of names) if (env.has(name)) stdout(`${env.get(name)}\n`)
  return names.some((name) => !env.has(name)) ? 1 : 0
}

/** `env A=b command` as a script: the variable, exported, and then the command. */
export function envScript(args: readonly string[]): string {
  const words = args.filter((word) => word !== '-i' && word !== '-')
  const end = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word))
  const variables = words.slice(0, end === -1 ? undefined : end).map((word) => {
    const [name = '', ...value] = word.split('=')
    return `export ${name}=${quote(value.join('='))}\n`
  })
  const command = end === -1 ? 'printenv' : words.slice(end).map(quote).join(' ')
  return `${variables.join('')}${command}`
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** tar keeps no leading `/` in an archive: `tar cf - /a/b` packs `a/b`, which is what kubectl cp looks for. */
export function withoutLeadingSlashes(args: readonly string[]): string[] {
  const [mode = '', ...rest] = args
  const creates = /^-?[a-z]*c[a-z]*$/.test(mode)
  if (!creates || args.includes('-C') || !rest.some((word, index) => index > 0 && word.startsWith('/')))
    return [...args]
  const [file = '-', ...members] = rest
  return [mode, file, '-C', '/', ...members.map((member) => member.replace(/^\/+/, '') || '.')]
}

const env: Command = async (io) => {
  if (io.args.length === 0 || io.exec === undefined) return printenv({ ...io, args: [] })
  const result = await io.exec(envScript(io.args))
  io.stdout(Buffer.from(result.stdout, result.stdoutKind === 'bytes' ? 'latin1' : 'utf8'))
  io.stderr(result.stderr)
  return result.exitCode
}

const tail: Command = async (io) => {
  const { count, bytes, follow, fromStart, files } = parseTail(io.args)
  const cut = (content: Buffer): Buffer =>
    bytes ? tailBytes(content, count, fromStart) : tailLines(content, count, fromStart)
  if (files.length === 0 || files[0] === '-') {
    io.stdout(cut(Buffer.from(await readAll(io.stdin))))
    return 0
  }
  const fs = await io.container.fs()
  const lengths = new Map<string, number>()
  for (const file of files) {
    const path = fs.resolvePath(io.cwd, file)
    if (!(await fs.exists(path))) {
      io.stderr(`tail: cannot open '${file}' for reading: No such file or directory\n`)
      if (!follow) return 1
      continue
    }
    const content = Buffer.from(await fs.readFileBuffer(path))
    if (files.length > 1) io.stdout(`==> ${file} <==\n`)
    io.stdout(cut(content))
    lengths.set(path, content.length)
  }
  if (!follow) return 0
  while (!io.signal.aborted) {
    await pause(io.container, FOLLOW_INTERVAL_MS, io.signal)
    for (const [path, length] of lengths) lengths.set(path, await more(io, path, length))
  }
  return 0
}

/** Writes what a file has grown by; a file that became shorter is read anew. */
async function more(io: CommandIo, path: string, length: number): Promise<number> {
  const fs = await io.container.fs()
  if (!(await fs.exists(path))) return length
  const { size } = await fs.stat(path)
  if (size === length) return length
  const content = Buffer.from(await fs.readFileBuffer(path))
  io.stdout(content.subarray(size > length ? length : 0))
  return content.length
}

function parseTail(args: readonly string[]): {
  count: number
  bytes: boolean
  follow: boolean
  fromStart: boolean
  files: string[]
} {
  const result = { count: 10, bytes: false, follow: false, fromStart: false, files: [] as string[] }
  const words = [...args]
  const set = (text: string): void => {
    result.fromStart = text.startsWith('+')
    result.count = Number(text.replace(/^[+-]/, '')) || 0
  }
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const match = /^-([fFqv]*)(?:([nc])(.*)|(\d+))?$/.exec(word)
    if (word === '-' || match === null) {
      if (word.startsWith('--lines=')) set(word.slice('--lines='.length))
      else if (word === '--follow') result.follow = true
      else result.files.push(word)
      continue
    }
    result.follow ||= /f/i.test(match[1] ?? '')
    if (match[4] !== undefined) set(match[4])
    if (match[2] === undefined) continue
    result.bytes = match[2] === 'c'
    set(match[3] === '' ? (words.shift() ?? '10') : (match[3] ?? '10'))
  }
  return result
}

function tailBytes(content: Buffer, count: number, fromStart: boolean): Buffer {
  return content.subarray(fromStart ? Math.max(0, count - 1) : Math.max(0, content.length - count))
}

function tailLines(content: Buffer, count: number, fromStart: boolean): Buffer {
  const lines = content.toString('latin1').split(/(?<=\n)/)
  const kept = fromStart ? lines.slice(Math.max(0, count - 1)) : count === 0 ? [] : lines.slice(-count)
  return Buffer.from(kept.join(''), 'latin1')
}

export const files: Readonly<Record<string, Command>> = { env, printenv, tail }
