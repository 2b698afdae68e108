import type { Findings } from './findings.ts'
import type { HttpMatch, HttpRoute } from './http-route.ts'

export interface TlsMatch {
  sniHosts?: string[]
  port?: number
  [field: string]: unknown
}

/** Rules that can never be reached because an earlier one takes all that they would match. Only warnings. */
export function checkRouteOrder(findings: Findings, routes: readonly HttpRoute[]): void {
  let catchAll: number | undefined
  const seen: { rule: number; match: number; value: HttpMatch }[] = []
  for (const [rule, route] of routes.entries()) {
    const name = ruleName(route, rule)
    const matches = route.match ?? []
    if (matches.length === 0) {
      if (catchAll !== undefined)
        findings.warn(`virtualService rule ${name} not used (only the last rule can have no matches)`)
      catchAll ??= rule
      continue
    }
    if (catchAll !== undefined) {
      findings.warn(`virtualService rule ${name} not used (route without matches defined before)`)
      continue
    }
    let unused = 0
    for (const [index, value] of matches.entries()) {
      const same = seen.find((other) => stringified(other.value) === stringified(value))
      if (same !== undefined) {
        unused++
        findings.warn(
          `virtualService rule ${name} match ${matchName(value, index)} is not used (duplicate/overlapping match in rule ${ruleName(routes[same.rule], same.rule)})`,
        )
        continue
      }
      const wider = seen.find((other) => other.rule !== rule && coversByPrefix(other.value, value))
      if (wider !== undefined) {
        const own = value.uri?.prefix ?? ''
        const other = wider.value.uri?.prefix ?? ''
        findings.warn(
          `virtualService rule ${name} match ${matchName(value, index)} of prefix ${own} is not used (duplicate/overlapping match in rule ${ruleName(routes[wider.rule], wider.rule)} of prefix ${other} on ${matchName(wider.value, wider.match)})`,
        )
      }
      seen.push({ rule, match: index, value })
    }
    if (unused === matches.length && unused > 0 && rule > 0) {
      findings.warn(`virtualService rule ${name} not used (all matches used by prior rules)`)
    }
  }
}

/** The same words twice in TLS routes. */
export function duplicateTlsMatches(findings: Findings, routes: readonly { match?: TlsMatch[] }[]): void {
  const seen = new Map<string, number>()
  for (const [rule, route] of routes.entries()) {
    for (const [index, match] of (route.match ?? []).entries()) {
      const text = stringified(match)
      const first = seen.get(text)
      if (first === undefined) seen.set(text, rule)
      else
        findings.warn(
          `virtualService rule #${rule} match #${index} is not used (duplicate/overlapping match in rule #${first})`,
        )
    }
  }
}

function ruleName(route: HttpRoute | undefined, index: number): string {
  return route?.name === undefined || route.name === '' ? `#${index}` : JSON.stringify(route.name)
}

function matchName(match: HttpMatch, index: number): string {
  return match.name === undefined || match.name === '' ? `#${index}` : JSON.stringify(match.name)
}

/** The match without its name, keys in order. */
function stringified(match: HttpMatch | TlsMatch): string {
  return JSON.stringify({ ...match, name: undefined }, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** True when both look at nothing but a prefix of the path and the earlier prefix is a beginning of the later. */
function coversByPrefix(earlier: HttpMatch, later: HttpMatch): boolean {
  const prefix = onlyPrefix(earlier)
  const own = onlyPrefix(later)
  return prefix !== undefined && own !== undefined && own.startsWith(prefix)
}

function onlyPrefix(match: HttpMatch): string | undefined {
  const fields = Object.keys(match).filter((field) => field !== 'name' && field !== 'ignoreUriCase')
  return fields.length === 1 && fields[0] === 'uri' ? match.uri?.prefix : undefined
}
