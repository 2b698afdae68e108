const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration such as `1m30s`, `0.5s` or `100ms`; undefined when absent or unreadable. */
export function milliseconds(duration: string | undefined): number | undefined {
  if (duration === undefined || duration === '') return undefined
  let total = 0
  let end = 0
  for (const match of duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    if (match.index !== end) return undefined
    total += Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0)
    end = match.index + match[0].length
  }
  return end === duration.length ? total : undefined
}
