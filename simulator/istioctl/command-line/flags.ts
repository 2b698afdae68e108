import { CommandError, usageExitCode } from './io.ts'

export interface FlagSpec {
  name: string
  short?: string
  kind: 'text' | 'list' | 'boolean' | 'number' | 'duration'
  help: string
  /** Shown in the help and used when the flag is not given. */
  initial?: string
  hidden?: boolean
}

export interface ParsedFlags {
  arguments: string[]
  text(name: string): string | undefined
  list(name: string): string[]
  boolean(name: string): boolean
  number(name: string): number | undefined
  /** Milliseconds. */
  duration(name: string): number | undefined
  given(name: string): boolean
}

/** Parses as cobra does: flags and arguments may be mixed, `--` ends the flags. Throws `CommandError` with its words. */
export function parseFlags(words: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const values = new Map<string, string[]>()
  const rest: string[] = []
  const queue = [...words]
  const take = (spec: FlagSpec, shown: string, value: string | undefined): void => {
    const given = value ?? (spec.kind === 'boolean' ? 'true' : queue.shift())
    if (given === undefined) throw new CommandError(`flag needs an argument: ${shown}`, usageExitCode)
    check(spec, given)
    values.set(spec.name, [...(values.get(spec.name) ?? []), given])
  }
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      rest.push(...queue.splice(0))
    } else if (word.startsWith('--')) {
      const [name = '', ...valueParts] = word.slice(2).split('=')
      const spec = specs.find((one) => one.name === name)
      if (spec === undefined) throw new CommandError(`unknown flag: --${name}`, usageExitCode)
      take(spec, `--${name}`, valueParts.length > 0 ? valueParts.join('=') : undefined)
    } else if (word.startsWith('-') && word.length > 1) {
      takeShort(word, specs, take)
    } else rest.push(word)
  }
  return result(values, rest, specs)
}

function takeShort(
  word: string,
  specs: readonly FlagSpec[],
  take: (spec: FlagSpec, shown: string, value: string | undefined) => void,
): void {
  for (let index = 1; index < word.length; index++) {
    const letter = word.charAt(index)
    const spec = specs.find((one) => one.short === letter)
    if (spec === undefined) throw new CommandError(`unknown shorthand flag: '${letter}' in ${word}`, usageExitCode)
    if (spec.kind === 'boolean') {
      take(spec, `-${letter}`, undefined)
      continue
    }
    const value = word.slice(index + 1).replace(/^=/, '')
    take(spec, `'${letter}' in ${word}`, value === '' ? undefined : value)
    return
  }
}

function check(spec: FlagSpec, value: string): void {
  const shown = spec.short === undefined ? `--${spec.name}` : `-${spec.short}, --${spec.name}`
  const refuse = (reason: string): never => {
    throw new CommandError(`invalid argument "${value}" for "${shown}" flag: ${reason}`, usageExitCode)
  }
  if (spec.kind === 'number' && !/^-?\d+$/.test(value)) refuse(`strconv.ParseInt: parsing "${value}": invalid syntax`)
  if (spec.kind === 'boolean' && !/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)) {
    refuse(`strconv.ParseBool: parsing "${value}": invalid syntax`)
  }
  if (spec.kind === 'duration' && durationOf(value) === undefined) refuse(`time: invalid duration "${value}"`)
}

const unitMilliseconds: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  ns: 1e-6,
}

/** A Go duration (`1m30s`) in milliseconds; undefined when it is none. */
export function durationOf(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|ns))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)) {
    total += Number(amount) * (unitMilliseconds[unit] ?? 0)
  }
  return total
}

function result(values: ReadonlyMap<string, string[]>, rest: string[], specs: readonly FlagSpec[]): ParsedFlags {
  const last = (name: string): string | undefined =>
    values.get(name)?.at(-1) ?? specs.find((spec) => spec.name === name)?.initial
  return {
    arguments: rest,
    text: last,
    list: (name) => values.get(name) ?? [],
    boolean: (name) => /^(1|t|T|true|TRUE|True)$/.test(last(name) ?? 'false'),
    number: (name) => (last(name) === undefined ? undefined : Number(last(name))),
    duration: (name) => durationOf(last(name) ?? ''),
    given: (name) => values.has(name),
  }
}
