import type { Verdict } from '../../protocol/verdict.ts'

/** Who made a check run: the learner's button, or a change in the cluster. */
export type AskedBy = 'learner' | 'change'

/**
 * What happens in an attempt. The list is append-only and is the truth: progress, points and the summary are pure functions of it.
 * Kinds are only ever added: logs of earlier versions stay readable.
 */
export type AttemptEvent =
  | {
      type: 'started'
      account: string
      lab: string
      /** Hash of the lab's content, to which the attempt is pinned. */
      version: string
      endsAt: string
    }
  | { type: 'cluster-claimed'; cluster: string }
  | { type: 'phase-done'; phase: string; milliseconds: number; log: string[] }
  | { type: 'phase-failed'; phase: string; milliseconds: number; log: string[]; code: string; sentence: string }
  | { type: 'retried' }
  /** The cluster is gone, and all that was prepared on it: the phases begin anew. */
  | { type: 'cluster-gone'; code: string; sentence: string }
  /** The learner wants the cluster as the lab begins with it: the phases begin anew. Files, shells and what was once met stay. */
  | { type: 'reset' }
  | { type: 'extended'; endsAt: string }
  | { type: 'step'; step: string }
  | { type: 'asked'; task: string; by: 'learner' }
  | { type: 'verdict'; task: string; by: AskedBy; verdict: Verdict }
  /** `hint` counts from 0. */
  | { type: 'hint'; task: string; hint: number; cost: number }
  | { type: 'finished'; by: 'learner' | 'deadline' }
  /** Cluster and files are gone. */
  | { type: 'released' }
  /** The learner took the session away; the record stays. */
  | { type: 'deleted' }

export type StoredEvent = AttemptEvent & {
  /** 1 for the first event of the attempt, without gaps. */
  sequence: number
  /** ISO time. */
  at: string
}
