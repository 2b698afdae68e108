/**
 * What a check answers with.
 * `met`: the task's condition holds. `unmet`: it does not, and `reason` says what was seen against what was wanted.
 * `broken`: the check itself failed; it never costs the learner anything.
 */
export type VerdictState = 'met' | 'unmet' | 'broken'

/** One thing that a check saw, in a form that a page can show as a table or a line. */
export type Evidence =
  | {
      kind: 'requests'
      /** Who called: "no sidecar", "frontend, in the mesh". */
      caller: string
      target: string
      sent: number
      /** Answers counted, by what a person would call them: "200", "connection reset", "403 RBAC: access denied". */
      answers: Record<string, number>
      wanted: string
      good: boolean
    }
  | { kind: 'object'; object: string; seen: string; wanted?: string; good: boolean }
  | { kind: 'statistic'; text: string; good: boolean }
  | { kind: 'output'; text: string }

export interface Verdict {
  state: VerdictState
  /** One sentence or two: what was seen against what was wanted. */
  reason: string
  /** A stable word for the reason, for tests of labs and for statistics: `plaintext-served`. */
  code: string
  evidence: Evidence[]
  /** How long the check took and waited, in milliseconds. */
  milliseconds: number
}
