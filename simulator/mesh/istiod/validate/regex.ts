import { RE2JS } from 're2js'

/** What RE2 says against a pattern, or undefined. */
export function regexProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The sentence of istiod about a pattern of a named field. */
export function matchRegexProblem(field: string, pattern: string): string | undefined {
  const problem = regexProblem(pattern)
  if (problem === undefined) return undefined
  return `"${field}": ${problem}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`
}
