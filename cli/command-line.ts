import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { debuglog, parseArgs, type ParseArgsConfig } from 'node:util'
import { cliError } from '../protocol/errors/cli.ts'
import { LabwrightError } from '../protocol/errors/error.ts'
import { serverError } from '../protocol/errors/server.ts'

type Config = ParseArgsConfig & { options: NonNullable<ParseArgsConfig['options']> }

/** Reads the options of a command. @throws BAD_OPTION */
export function readOptions<const T extends Config>(command: string, config: T): ReturnType<typeof parseArgs<T>> {
  const reason = whatIsWrong(config)
  if (reason !== undefined) throw badOption(command, reason)
  return parseArgs(config)
}

/** All that Node's own check refuses, in words of ours, and values that are empty. */
function whatIsWrong({ args, options, allowPositionals }: Config): string | undefined {
  const { tokens } = parseArgs({ args: args ?? [], options, strict: false, tokens: true, allowPositionals: true })
  for (const token of tokens) {
    if (token.kind === 'positional' && allowPositionals !== true) return `"${token.value}" is one word too many`
    if (token.kind !== 'option') continue
    const { name, rawName, value = '', inlineValue } = token
    if (!Object.hasOwn(options, name)) return `There is no option ${rawName}`
    if (options[name]!.type === 'boolean' && inlineValue === true) return `${rawName} takes no value`
    if (options[name]!.type === 'boolean') continue
    if (value === '') return `${rawName} needs a value`
    if (inlineValue !== true && /^-./.test(value))
      return `${rawName} needs a value, and "${value}" begins like an option`
  }
  return undefined
}

export function badOption(command: string, reason: string): LabwrightError {
  return serverError('BAD_OPTION', { command, reason })
}

interface Range {
  lowest?: number
  highest: number
}

export const PORTS: Range = { highest: 65_535 }
/** Of clusters: 32 bits. */
export const SEEDS: Range = { highest: 2 ** 32 - 1 }

/** A whole number that was given to an option. @throws BAD_OPTION */
export function wholeNumber(command: string, option: string, text: string, { lowest = 0, highest }: Range): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= lowest && number <= highest) return number
  throw badOption(command, `${option} takes a whole number from ${lowest} to ${highest}, not "${text}"`)
}

const REASONS: Record<string, string> = {
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EISDIR: 'it is a folder',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'a part of its path is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

/** Makes sure, before any work is done, that the file of an option can be written. @throws FILE_NOT_WRITABLE */
export function requireWritable(option: string, file: string | undefined): void {
  if (file === undefined) return
  const isNew = !existsSync(file)
  try {
    closeSync(openSync(file, 'a'))
    if (isNew) rmSync(file)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw cliError('FILE_NOT_WRITABLE', { file, option, reason: REASONS[code] ?? message }, error)
  }
}

const debug = debuglog('labwright')

/** Says on standard error, in one sentence with its code, why a command could not do its work. Returns what was said. */
export function complain(command: string, error: unknown): LabwrightError {
  const reason = error instanceof Error ? error.message : String(error)
  const said = error instanceof LabwrightError ? error : cliError('UNFORESEEN', { command, reason }, error)
  console.error(`labwright: ${said.message} [${said.code}]`)
  debug('%o', said)
  return said
}
