import { globalFlags, type Command } from './command.ts'
import { parseFlags, type FlagSpec } from './flags.ts'
import { helpText } from './help.ts'
import { CommandError, usageExitCode, type Io } from './io.ts'

/** Finds the command that the words name, and runs it. Resolves to the exit code. */
export async function dispatch(root: Command, words: readonly string[], io: Io): Promise<number> {
  try {
    return await run(root, words, io)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    if (error.message !== '') io.stderr(`Error: ${error.message}\n`)
    return error.exitCode
  }
}

async function run(root: Command, words: readonly string[], io: Io): Promise<number> {
  if (words[0] === 'help') return run(root, [...words.slice(1), '--help'], io)
  const { command, path, rest } = find(root, words)
  const specs = [...(command.flags ?? []), ...globalFlags]
  const flags = parseFlags(rest, specs)
  const asksHelp = flags.boolean('help') || command.load === undefined
  if (asksHelp) {
    const [unknown] = flags.arguments
    if (command === root && unknown !== undefined && !flags.boolean('help')) throw unknownCommand(root, unknown)
    io.stdout(helpText(command, path))
    return 0
  }
  const most = command.mostArguments
  if (most !== undefined && flags.arguments.length > most) {
    throw new CommandError(`accepts ${most} arg(s), received ${flags.arguments.length}`)
  }
  const start = await command.load?.()
  return start === undefined ? 0 : start({ io, flags, words: flags.arguments, path })
}

/** Walks down the tree; flags in between are left for the command that is found. */
function find(root: Command, words: readonly string[]): { command: Command; path: string; rest: string[] } {
  let command = root
  let path = root.name
  const rest: string[] = []
  const queue = [...words]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') return { command, path, rest: [...rest, word, ...queue] }
    if (word.startsWith('-')) {
      rest.push(word)
      if (takesNext(word, [...(command.flags ?? []), ...globalFlags])) rest.push(...queue.splice(0, 1))
      continue
    }
    const child = command.children?.find((one) => one.name === word || one.aliases?.includes(word) === true)
    if (child === undefined) return { command, path, rest: [...rest, word, ...queue] }
    command = child
    path = `${path} ${child.name}`
  }
  return { command, path, rest }
}

function takesNext(word: string, specs: readonly FlagSpec[]): boolean {
  if (word.includes('=')) return false
  const spec = word.startsWith('--')
    ? specs.find((one) => one.name === word.slice(2))
    : specs.find((one) => one.short === word.charAt(word.length - 1))
  return spec !== undefined && spec.kind !== 'boolean' && (word.startsWith('--') || word.length === 2)
}

function unknownCommand(root: Command, word: string): CommandError {
  const near = (root.children ?? []).map((child) => child.name).filter((name) => isNear(name, word))
  const hint = near.length === 0 ? '' : `\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join('')}`
  return new CommandError(
    `unknown command "${word}" for "${root.name}"\n${hint}${hint === '' ? '' : '\n'}Run '${root.name} --help' for usage.`,
    usageExitCode,
  )
}

/** cobra suggests names within two edits, and those that begin with the word. */
function isNear(name: string, word: string): boolean {
  return name.startsWith(word.toLowerCase()) || editDistance(name, word.toLowerCase()) <= 2
}

function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const change = one.charAt(i - 1) === other.charAt(j - 1) ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change))
    }
    row = next
  }
  return row[other.length] ?? 0
}
