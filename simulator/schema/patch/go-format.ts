import { isMap, type Tree } from '../tree.ts'

/** A value as Go's `%v` prints it, for messages that quote maps: `map[image:x name:c]`. */
export function goFormat(value: Tree): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goFormat).join(' ')}]`
  if (!isMap(value)) return String(value)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${goFormat(value[key])}`).join(' ')}]`
}
