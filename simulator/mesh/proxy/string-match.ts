import { RE2JS } from 're2js'
import type { StringMatch } from './specs.ts'

export type Matcher = (value: string) => boolean

/** A full match by RE2, as Envoy's safe_regex does; an expression that does not compile matches nothing. */
export function regexMatcher(expression: string): Matcher {
  try {
    const pattern = RE2JS.compile(expression)
    return (value) => pattern.matches(value)
  } catch {
    return () => false
  }
}

/** True for `{}` and `regex: '*'`: the value only has to be there. Source: route.go `canBeConvertedToPresentMatch`. */
export function isPresence(match: StringMatch | null | undefined): boolean {
  if (match === undefined || match === null) return true
  return match.exact === undefined && match.prefix === undefined && (match.regex ?? '*') === '*'
}

export function stringMatcher(match: StringMatch | null | undefined, ignoreCase = false): Matcher {
  if (match?.exact !== undefined) {
    const wanted = ignoreCase ? match.exact.toLowerCase() : match.exact
    return ignoreCase ? (value) => value.toLowerCase() === wanted : (value) => value === wanted
  }
  if (match?.prefix !== undefined) {
    const wanted = ignoreCase ? match.prefix.toLowerCase() : match.prefix
    return ignoreCase ? (value) => value.toLowerCase().startsWith(wanted) : (value) => value.startsWith(wanted)
  }
  if (match?.regex !== undefined && match.regex !== '*') return regexMatcher(match.regex)
  return () => true
}
