import type { Lab, Task } from '../../protocol/lab.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import type { Cluster } from '../clusters/index.ts'
import type { RunnerPool } from './runner-pool.ts'
import { runShellCheck } from './shell-check.ts'

export interface CheckRequest {
  lab: Lab
  task: Task
  cluster: Cluster
  /** How long the check may wait for the condition to come true; at most the task's own time-out. */
  patienceMilliseconds: number
  signal: AbortSignal
}

/** Runs one check in a process of its own, with the grader's identity. Never throws: what goes wrong is `broken`. */
export type Checker = (request: CheckRequest) => Promise<Verdict>

/** `toolFolders` come before the PATH of shell checks: where kubectl lies on a machine that has none of its own. */
export function createChecker(runners: RunnerPool, toolFolders: readonly string[]): Checker {
  return async ({ lab, task, cluster, patienceMilliseconds, signal }) => {
    const started = performance.now()
    const timeoutMilliseconds = task.timeoutSeconds * 1000
    const { check } = task
    let verdict: Omit<Verdict, 'milliseconds'>
    try {
      verdict =
        check.kind === 'shell'
          ? await runShellCheck({
              folder: lab.folder,
              script: check.script,
              toolFolders,
              credentials: cluster.credentials('grader'),
              timeoutMilliseconds,
              signal,
            })
          : await runners.run({
              order: {
                verifier: check.verifier,
                with: check.with,
                credentials: cluster.credentials('grader'),
                timeoutMilliseconds,
                patienceMilliseconds: Math.min(patienceMilliseconds, timeoutMilliseconds),
              },
              probe: (request, until) => cluster.probe(request, until),
              signal,
            })
    } catch (error) {
      verdict = { state: 'broken', code: 'check-not-started', reason: (error as Error).message, evidence: [] }
    }
    return { ...verdict, milliseconds: Math.round(performance.now() - started) }
  }
}
