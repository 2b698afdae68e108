import type { Lab } from '../../protocol/lab.ts'
import type { ProofResult, Row } from './result.ts'

/** One line a row, for people and for CI logs. */
export function textLine(row: Row): string {
  const seconds = `${(row.milliseconds / 1000).toFixed(1)} s`
  const line = `${row.ok ? 'ok  ' : 'FAIL'} ${row.task.padEnd(20)} ${row.state.padEnd(34)} ${row.actual.padEnd(7)} ${seconds.padStart(7)}`
  return row.ok ? line : `${line}\n       ${row.reason}\n       ${row.problem?.replaceAll('\n', '\n       ') ?? ''}`
}

/** The last line: how many hold. */
export function textSummary(result: ProofResult): string {
  const failed = result.rows.filter((row) => !row.ok).length
  const seconds = (result.milliseconds / 1000).toFixed(1)
  const held = result.only === '' ? 'proven' : `as expected, of what "${result.only}" chooses`
  const verdict = failed === 0 ? held : `${failed} of ${result.rows.length} not as expected`
  return `${result.lab} on ${result.provider}: ${verdict}, ${result.rows.length} verdicts in ${seconds} s (seed ${result.seed})`
}

/** Which task is proven on which provider, when there is more to say than of the embedded one. */
export function providerTable(results: readonly { result: ProofResult; lab: Lab }[]): string {
  const providers = [...new Set(results.map(({ result }) => result.provider))]
  const labs = [...new Map(results.map(({ lab }) => [lab.id, lab])).values()]
  const tasks = labs.flatMap((lab) => lab.tasks.map(({ id }) => ({ lab: lab.id, id })))
  const width = Math.max(4, ...tasks.map(({ lab, id }) => `${lab} ${id}`.length))
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)}  ${cells.map((cell) => cell.padEnd(10)).join('')}`.trimEnd()
  const standing = (provider: string, { lab, id }: (typeof tasks)[number]): string => {
    const rows = results.flatMap(({ result }) =>
      result.provider === provider && result.lab === lab ? result.rows.filter((row) => row.task === id) : [],
    )
    if (rows.length === 0) return '-'
    return rows.every((row) => row.ok) ? 'proven' : 'not yet'
  }
  return [
    line('task', providers),
    ...tasks.map((task) =>
      line(
        `${task.lab} ${task.id}`,
        providers.map((provider) => standing(provider, task)),
      ),
    ),
  ].join('\n')
}

/** The machine's form: per task and state the expected and the actual verdict, reason, evidence, milliseconds. */
export function jsonReport(result: ProofResult, lab: Lab): unknown {
  return {
    lab: result.lab,
    version: result.version,
    provider: result.provider,
    seed: result.seed,
    ok: result.ok,
    milliseconds: Math.round(result.milliseconds),
    tasks: lab.tasks.map(({ id, title, points }) => ({
      task: id,
      title,
      points,
      states: result.rows
        .filter((row) => row.task === id)
        .map(({ task: _task, milliseconds, ...row }) => ({ ...row, milliseconds: Math.round(milliseconds) })),
    })),
  }
}

/** JUnit XML: a test suite a task, a test case a state. */
export function junitReport(results: readonly ProofResult[]): string {
  const labs = [...new Set(results.map(({ lab }) => lab))]
  const suites = results.flatMap((result) =>
    suitesOf(result, results.length > labs.length ? `${result.provider} ` : ''),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(labs.join(', '))}">\n${suites.join('\n')}\n</testsuites>\n`
}

function suitesOf(result: ProofResult, prefix: string): string[] {
  const tasks = [...new Set(result.rows.map((row) => row.task))]
  return tasks.map((task) => {
    const rows = result.rows.filter((row) => row.task === task)
    const cases = rows.map((row) => {
      const open = `    <testcase classname="${xml(`${result.lab}.${task}`)}" name="${xml(row.state)}" time="${(row.milliseconds / 1000).toFixed(3)}"`
      return row.ok
        ? `${open}/>`
        : `${open}>\n      <failure message="${xml(row.problem ?? '')}">${xml(row.reason)}</failure>\n    </testcase>`
    })
    return `  <testsuite name="${xml(prefix + task)}" tests="${rows.length}" failures="${rows.filter((row) => !row.ok).length}">\n${cases.join('\n')}\n  </testsuite>`
  })
}

function xml(text: string): string {
  // eslint-disable-next-line no-control-regex -- XML 1.0 has no place for control characters at all
  const clean = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
