/** A JSON text may name a field twice; parsing hides it, the API server tells it. */

interface Level {
  /** Keys seen, for an object; undefined for a list. */
  keys: Set<string> | undefined
  index: number
  path: string
}

// A string, a sign of structure, or anything else up to the next sign.
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:]+/gy

const below = (level: Level | undefined, key: string): string => {
  if (level === undefined) return ''
  if (level.keys === undefined) return `${level.path}[${level.index}]`
  return level.path === '' ? key : `${level.path}.${key}`
}

/** Messages about fields that a JSON text sets twice: `duplicate field "spec.replicas"`. Expects text that parses. */
export function duplicateFields(text: string): string[] {
  const found: string[] = []
  const levels: Level[] = []
  let key = ''
  let expectKey = false
  for (const [part] of text.matchAll(token)) {
    const level = levels.at(-1)
    if (part === '{' || part === '[') {
      levels.push({ keys: part === '{' ? new Set() : undefined, index: 0, path: below(level, key) })
      expectKey = part === '{'
    } else if (part === '}' || part === ']') {
      levels.pop()
      expectKey = false
    } else if (part === ',') {
      if (level && level.keys === undefined) level.index += 1
      else expectKey = true
    } else if (expectKey && part.startsWith('"')) {
      key = JSON.parse(part) as string
      expectKey = false
      if (level?.keys?.has(key)) found.push(`duplicate field "${below(level, key)}"`)
      level?.keys?.add(key)
    }
  }
  return [...new Set(found)]
}
