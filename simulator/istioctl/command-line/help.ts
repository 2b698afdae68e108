import { globalFlags, type Command } from './command.ts'
import type { FlagSpec } from './flags.ts'

/** Help of a command in the usual order: what it is, how it is called, what is below it, its flags. */
export function helpText(command: Command, path: string): string {
  const children = (command.children ?? []).filter((child) => child.hidden !== true)
  const lines = [command.summary, '', 'Usage:']
  if (command.load !== undefined)
    lines.push(`  ${path}${command.usage === undefined ? '' : ` ${command.usage}`} [flags]`)
  if (children.length > 0) lines.push(`  ${path} [command]`)
  if ((command.aliases ?? []).length > 0)
    lines.push('', 'Aliases:', `  ${[command.name, ...(command.aliases ?? [])].join(', ')}`)
  if (children.length > 0) {
    const width = Math.max(...children.map((child) => child.name.length)) + 2
    lines.push('', 'Available Commands:', ...children.map((child) => `  ${child.name.padEnd(width)}${child.summary}`))
  }
  if ((command.flags ?? []).length > 0) lines.push('', 'Flags:', ...flagLines(command.flags ?? []))
  lines.push('', 'Global Flags:', ...flagLines(globalFlags))
  if (children.length > 0) lines.push('', `Use "${path} [command] --help" for more information about a command.`)
  return `${lines.join('\n')}\n`
}

function flagLines(flags: readonly FlagSpec[]): string[] {
  const shown = flags.filter((flag) => flag.hidden !== true)
  const left = shown.map(
    (flag) => `  ${flag.short === undefined ? '    ' : `-${flag.short}, `}--${flag.name}${kindWord(flag)}`,
  )
  const width = Math.max(...left.map((text) => text.length)) + 3
  return shown.map(
    (flag, index) =>
      `${(left[index] ?? '').padEnd(width)}${flag.help}${flag.initial === undefined ? '' : ` (default "${flag.initial}")`}`,
  )
}

function kindWord({ kind }: FlagSpec): string {
  const words = { text: ' string', list: ' stringArray', boolean: '', number: ' int', duration: ' duration' }
  return words[kind]
}
