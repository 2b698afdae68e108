import type { Evidence, VerdictState } from './verdict.ts'

/** A session's life. `preparing` -> `ready` -> `finished`; `failed` may be retried; `recovering` after a process died. */
export type SessionState = 'preparing' | 'ready' | 'recovering' | 'failed' | 'finished'

/** What a session's cluster is: the simulation, or a real one made by kind. The page says it, for people trust each with other things. */
export type ClusterTier = 'simulated' | 'kind'

export interface PhaseView {
  /** `cluster`, `tools`, `setup`. */
  id: string
  title: string
  state: 'waiting' | 'running' | 'done' | 'failed'
  /** Usual time of this phase for this lab on this machine, in milliseconds; absent until it was measured once. */
  usualMilliseconds?: number
  milliseconds?: number
  /** Last lines of its log. */
  log: string[]
}

/** What a page shows of a task: `todo` was never checked, `fallen` was met once and no longer holds. */
export type TaskState = 'todo' | 'checking' | VerdictState | 'fallen' | 'frozen'

export interface TaskView {
  id: string
  title: string
  step: string
  points: number
  earned: number
  state: TaskState
  /** True when it is met or was met before it was frozen: `frozen` alone does not tell. */
  met: boolean
  reason?: string
  code?: string
  evidence: Evidence[]
  /** ISO time of the last verdict, and how long it took. */
  checkedAt?: string
  milliseconds?: number
  /** Hints shown so far, and what the next one costs (absent: no more). */
  hints: string[]
  nextHintCost?: number
}

export interface StepView {
  id: string
  title: string
  tasks: string[]
}

export interface SessionView {
  id: string
  lab: { id: string; title: string; minutes: number }
  clusters: ClusterTier
  state: SessionState
  phases: PhaseView[]
  /** What went wrong, when state is `failed` or `recovering`. */
  problem?: { code: string; sentence: string; phase?: string }
  steps: StepView[]
  tasks: TaskView[]
  points: { earned: number; possible: number }
  startedAt: string
  endsAt: string
  finishedAt?: string
  /** Present when it is finished and what was made in it can still be looked at. */
  keptUntil?: string
  /** True when shells see nothing of this machine but the system and their own home: in bubblewrap, or in a container. */
  sandboxed: boolean
  /** What the learner will miss on this machine: sentences, such as a tool that is not installed and how to get it. */
  notes?: string[]
  /** True when the session can be extended. */
  extendable: boolean
}

/** A change of a session as every open page of it learns it. `view` events replace the whole view. */
export type SessionEvent =
  { type: 'view'; view: SessionView } | { type: 'task'; task: TaskView; points: { earned: number; possible: number } }

/** One page of a lab as the browser gets it. Command texts are in the HTML; a click sends only the id. */
export interface StepPage {
  id: string
  index: number
  title: string
  html: string
  commands: { id: string; action: 'exec' | 'copy' | 'interrupt'; terminal: string }[]
  files: { id: string; path: string }[]
}

export interface LabCard {
  id: string
  title: string
  summary: string
  minutes: number
  tasks: { id: string; title: string; state: TaskState; met: boolean }[]
  points: { earned: number; possible: number }
  /** The running session, when there is one. */
  session?: string
}
