import facts from './columns.facts.json' with { type: 'json' }

/** A TableColumnDefinition. Priority 1 is shown with `-o wide` only. */
export interface Column {
  name: string
  type: string
  format: string
  description: string
  priority: number
}

const texts: Readonly<Record<string, string>> = facts
const parsed = new Map<string, Column[]>()

/** Columns of a built-in resource named `group/version/plural`; undefined when it is none. */
export function builtinColumns(name: string): readonly Column[] | undefined {
  const known = parsed.get(name)
  if (known) return known
  const line = texts[name]
  if (line === undefined) return undefined
  const columns = line.split('; ').map((text): Column => {
    const [column = '', type = '', format = '', priority = ''] = text.split(':')
    return { name: column, type, format, description: '', priority: Number(priority) }
  })
  parsed.set(name, columns)
  return columns
}
