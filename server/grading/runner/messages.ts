import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type { Verdict } from '../../../protocol/verdict.ts'
import type { Credentials } from '../../clusters/index.ts'

/** What a check runner is to do: one check, once. */
export interface CheckOrder {
  verifier: string
  with: Record<string, unknown>
  /** The grader's. */
  credentials: Credentials
  timeoutMilliseconds: number
  /** How long `eventually` may try. */
  patienceMilliseconds: number
}

/** Between the server and its check runner, over the IPC channel that a child process has. */
export type ToRunner =
  | { type: 'run'; order: CheckOrder }
  | { type: 'probed'; number: number; result: ProbeResult | ProbeRefusal }
  | { type: 'probe-failed'; number: number; message: string }

export type FromRunner =
  | { type: 'ready' }
  | { type: 'probe'; number: number; request: ProbeRequest }
  | { type: 'verdict'; verdict: Omit<Verdict, 'milliseconds'> }
