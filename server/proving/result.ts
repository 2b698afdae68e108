import type { Evidence, Verdict, VerdictState } from '../../protocol/verdict.ts'

/** One task in one state of the proof, or a script that did not run to its end. */
export interface Row {
  task: string
  /** `untouched`, `solution`, `solution, at the end`, `wrong:NAME`, `also-right:NAME`. */
  state: string
  expected: VerdictState
  actual: VerdictState
  /** As expected, with the expected code and words. */
  ok: boolean
  code: string
  reason: string
  evidence: Evidence[]
  milliseconds: number
  /** What was expected besides the verdict, and output of the script, when it is not ok. */
  problem?: string
}

export interface ProofResult {
  lab: string
  version: string
  provider: string
  seed: number
  /** Of what was chosen, empty for all: what was left out proves nothing. */
  only: string
  rows: Row[]
  milliseconds: number
  ok: boolean
}

export interface Expectation {
  task: string
  state: string
  expected: VerdictState
  code?: string | undefined
  says?: string | undefined
}

/** Compares a verdict with what the proof expects of it. */
export function judge({ task, state, expected, code, says }: Expectation, verdict: Verdict): Row {
  const problems: string[] = []
  if (verdict.state !== expected) problems.push(`expected ${expected}`)
  else if (code !== undefined && verdict.code !== code) problems.push(`expected the code ${code}, not ${verdict.code}`)
  else if (says !== undefined && !verdict.reason.includes(says))
    problems.push(`expected the sentence to hold "${says}"`)
  const { code: actualCode, reason, evidence, milliseconds } = verdict
  const row = {
    task,
    state,
    expected,
    actual: verdict.state,
    ok: problems.length === 0,
    code: actualCode,
    reason,
    evidence,
    milliseconds,
  }
  return problems.length === 0 ? row : { ...row, problem: problems.join('; ') }
}

/** A row for a script that failed: nothing that a check would say of it counts. */
export function scriptFailed(
  { task, state, expected }: Expectation,
  script: string,
  exitCode: number,
  output: string,
): Row {
  return {
    task,
    state,
    expected,
    actual: 'broken',
    ok: false,
    code: 'script-failed',
    reason: `${script} ended with exit code ${exitCode}.`,
    evidence: [{ kind: 'output', text: output.slice(-4000) }],
    milliseconds: 0,
    problem: output.trim().split('\n').slice(-5).join('\n'),
  }
}
