import type { FileBlock, Task } from '../../protocol/lab.ts'
import type { Verdict } from '../../protocol/verdict.ts'

/** Where a lab is proven: a cluster with a home, made for one state of the proof. */
export interface Ground {
  /** Writes the lesson's file blocks into the home, as a learner who saves them would. */
  saveFiles(files: readonly FileBlock[]): Promise<void>
  /** Runs a script of the lab with bash in the home; output is stdout and stderr together. */
  run(script: string): Promise<{ exitCode: number; output: string }>
  check(task: Task): Promise<Verdict>
  /** A ground in the same state. What is done there does not show here: at no time on a copy, after its end where forks share the cluster. */
  fork(name: string): Promise<Ground>
  close(): Promise<void>
}

/** Makes grounds on one provider. */
export interface ProvingGrounds {
  provider: string
  /** `copies` go their own ways side by side; with `turns` a fork has its ground's cluster to itself until it is closed. */
  forks: 'copies' | 'turns'
  open(name: string): Promise<Ground>
}
