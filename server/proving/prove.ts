import PQueue from 'p-queue'
import type { Lab, Step, Task } from '../../protocol/lab.ts'
import type { Ground, ProvingGrounds } from './ground.ts'
import type { Proof } from './proof-file.ts'
import { judge, scriptFailed, type Expectation, type ProofResult, type Row } from './result.ts'

export interface ProveOptions {
  seed: number
  /** Grounds that are at work at the same time, where forks are copies. */
  parallel: number
  onRow?: (row: Row) => void
  signal?: AbortSignal
  /** Only tasks whose id holds this word (and those that a chosen answer names). */
  only?: string
}

/**
 * Proves a lab: every task unmet on the untouched cluster, met after the solution, unmet under each wrong answer, met under each that is also right.
 * The solution is played once, step by step; each other answer starts from a fork of the ground as it was before its step. Where forks
 * take turns, a step's other answers are tried before its solution.
 */
export async function prove(
  lab: Lab,
  proof: Proof,
  grounds: ProvingGrounds,
  options: ProveOptions,
): Promise<ProofResult> {
  const started = performance.now()
  const rows: Row[] = []
  const add = (row: Row): void => {
    rows.push(row)
    options.onRow?.(row)
  }
  const queue = new PQueue({ concurrency: grounds.forks === 'copies' ? options.parallel : 1 })
  const failures: unknown[] = []
  const failed = (error: unknown): void => {
    failures.push(error)
    queue.clear()
  }
  const start = (work: () => Promise<void>): void => {
    void queue.add(async () => {
      if (!options.signal?.aborted && failures.length === 0) await work().catch(failed)
    })
  }
  const { only = '' } = options
  const chosen = (task: Task): boolean => task.id.includes(only)
  start(() => untouched(lab.tasks.filter(chosen), grounds, add))
  const played: Ground[] = []
  await playSolution(lab, proof, grounds, played, add, async (step, fork) => {
    for (const wrong of proof.wrong.filter((one) => one.step === step.id))
      start(() =>
        answer(
          lab,
          step,
          fork,
          { ...wrong, state: `wrong:${wrong.name}`, expected: 'unmet', tasks: [wrong.task] },
          add,
        ),
      )
    for (const right of proof.alsoRight.filter((one) => one.step === step.id))
      start(() => answer(lab, step, fork, { ...right, state: `also-right:${right.name}`, expected: 'met' }, add))
    if (grounds.forks === 'turns') await queue.onIdle()
    if (failures.length > 0) throw failures[0]
    options.signal?.throwIfAborted()
  }).catch(failed)
  // Also after a failure: answers that are at work stand on these grounds.
  await queue.onIdle()
  for (const ground of played) await ground.close().catch(failed)
  // What was skipped proves nothing.
  options.signal?.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  const ok = rows.every((row) => row.ok)
  return {
    lab: lab.id,
    version: lab.version,
    provider: grounds.provider,
    seed: options.seed,
    only,
    rows,
    milliseconds: performance.now() - started,
    ok,
  }
}

async function untouched(tasks: readonly Task[], grounds: ProvingGrounds, add: (row: Row) => void): Promise<void> {
  const ground = await grounds.open('untouched')
  try {
    for (const task of tasks)
      add(judge({ task: task.id, state: 'untouched', expected: 'unmet' }, await ground.check(task)))
  } finally {
    await ground.close()
  }
}

/** Plays the solution; before each step hands out a way to fork the ground as it is then. Every ground that it opens is pushed to `played`, for the caller to close. */
async function playSolution(
  lab: Lab,
  proof: Proof,
  grounds: ProvingGrounds,
  played: Ground[],
  add: (row: Row) => void,
  before: (step: Step, fork: (name: string) => Promise<Ground>) => Promise<void>,
): Promise<void> {
  let ground = await grounds.open('solution')
  played.push(ground)
  const tasksOf = (steps: readonly Step[]): Task[] =>
    lab.tasks.filter(({ id }) => steps.some((step) => step.tasks.includes(id)))
  let tried: Task[] = []
  let latest: Task[] = []
  for (const [index, step] of lab.steps.entries()) {
    const script = proof.solution[step.id]
    if (proof.wrong.some((one) => one.step === step.id) || proof.alsoRight.some((one) => one.step === step.id)) {
      const base = ground
      if (grounds.forks === 'copies') {
        ground = await base.fork(`solution-${step.id}`)
        played.push(ground)
      }
      await before(step, (name) => base.fork(name))
    }
    if (script === undefined) continue
    await ground.saveFiles(step.files)
    const { exitCode, output } = await ground.run(script)
    if (exitCode !== 0) {
      // Nothing stands on which the steps after it could be tried.
      for (const { id } of tasksOf(lab.steps.slice(index))) add(scriptFailed(solved(id), script, exitCode, output))
      tried = []
      break
    }
    latest = tasksOf([step])
    for (const task of latest) add(judge(solved(task.id), await ground.check(task)))
    tried.push(...latest)
  }
  for (const task of tried.filter((one) => one.when === 'now' && one.until === undefined && !latest.includes(one)))
    add(judge({ ...solved(task.id), state: 'solution, at the end' }, await ground.check(task)))
}

function solved(task: string): Expectation {
  return { task, state: 'solution', expected: 'met' }
}

interface OtherAnswer {
  name: string
  state: string
  script: string
  expected: 'met' | 'unmet'
  tasks: string[]
  code?: string
  says?: string | undefined
}

async function answer(
  lab: Lab,
  step: Step,
  fork: (name: string) => Promise<Ground>,
  { name, state, script, expected, tasks, code, says }: OtherAnswer,
  add: (row: Row) => void,
): Promise<void> {
  const ground = await fork(name)
  try {
    await ground.saveFiles(step.files)
    const { exitCode, output } = await ground.run(script)
    for (const id of tasks) {
      const expectation: Expectation = { task: id, state, expected, code, says }
      const task = lab.tasks.find((one) => one.id === id)!
      add(
        exitCode === 0
          ? judge(expectation, await ground.check(task))
          : scriptFailed(expectation, script, exitCode, output),
      )
    }
  } finally {
    await ground.close()
  }
}
