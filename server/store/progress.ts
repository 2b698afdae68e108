import type { Lab, Task } from '../../protocol/lab.ts'
import type { TaskState, TaskView } from '../../protocol/session.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import type { StoredEvent } from './events.ts'

export interface TaskProgress {
  state: Exclude<TaskState, 'checking'>
  met: boolean
  /** Met for good: a `once` task that happened, or one that was met when its ground was taken away. */
  sealed: boolean
  hintsShown: number
  hintsCost: number
  verdict?: Verdict
  checkedAt?: string
}

/** What an attempt's events say about its tasks. */
export interface Progress {
  tasks: ReadonlyMap<string, TaskProgress>
  /** The page that was opened last. */
  step?: string
}

const untouched: TaskProgress = { state: 'todo', met: false, sealed: false, hintsShown: 0, hintsCost: 0 }

/** Progress as a pure function of the events: grades are replay. */
export function progressOf(lab: Lab, events: readonly StoredEvent[]): Progress {
  const tasks = new Map<string, TaskProgress>(lab.tasks.map((task) => [task.id, untouched]))
  const place = new Map(lab.steps.map((step, index) => [step.id, index]))
  let progress: Progress = { tasks }
  for (const event of events) {
    if (event.type === 'step') {
      if (!place.has(event.step)) continue
      progress = { tasks, step: event.step }
      for (const task of lab.tasks) tasks.set(task.id, reach(tasks.get(task.id)!, isFrozen(task, event.step, place)))
    } else if (event.type === 'verdict' || event.type === 'hint') {
      const task = lab.tasks.find((candidate) => candidate.id === event.task)
      const before = task && tasks.get(task.id)
      if (task === undefined || before === undefined) continue
      if (event.type === 'hint') {
        tasks.set(task.id, {
          ...before,
          hintsShown: Math.max(before.hintsShown, event.hint + 1),
          hintsCost: event.hint < before.hintsShown ? before.hintsCost : before.hintsCost + event.cost,
        })
      } else tasks.set(task.id, decide(task, before, event.verdict, event.at))
    }
  }
  return progress
}

function isFrozen(task: Task, step: string, place: ReadonlyMap<string, number>): boolean {
  const until = task.until === undefined ? undefined : place.get(task.until)
  return until !== undefined && place.get(step)! >= until
}

/**
 * A page was opened. What was met when the task froze stays met; what was not can still be done after paging back,
 * so a look ahead costs nothing.
 */
function reach(before: TaskProgress, frozen: boolean): TaskProgress {
  if (frozen) return { ...before, state: 'frozen', sealed: before.sealed || before.met }
  if (before.state !== 'frozen') return before
  return { ...before, state: before.met ? 'met' : (before.verdict?.state ?? 'todo') }
}

function decide(task: Task, before: TaskProgress, verdict: Verdict, checkedAt: string): TaskProgress {
  if (before.state === 'frozen' || (before.sealed && verdict.state !== 'met')) return before
  const seen = { ...before, verdict, checkedAt }
  if (verdict.state === 'met')
    return { ...seen, state: 'met', met: true, sealed: before.sealed || task.when === 'once' }
  if (verdict.state === 'broken') return { ...seen, state: 'broken' }
  return { ...seen, state: before.met || before.state === 'fallen' ? 'fallen' : 'unmet', met: false }
}

/** A met task is worth its points less the cost of its hints, and never less than nothing. */
export function earnedOf(task: Task, progress: TaskProgress): number {
  return progress.met ? Math.max(0, task.points - progress.hintsCost) : 0
}

export function pointsOf(lab: Lab, progress: Progress): { earned: number; possible: number } {
  return {
    earned: lab.tasks.reduce((sum, task) => sum + earnedOf(task, progress.tasks.get(task.id) ?? untouched), 0),
    possible: lab.tasks.reduce((sum, task) => sum + task.points, 0),
  }
}

/** The tasks as a page shows them. `checking` are those whose check was asked for and runs now. */
export function taskViews(lab: Lab, progress: Progress, checking: ReadonlySet<string>): TaskView[] {
  const stepOf = new Map(lab.steps.flatMap((step) => step.tasks.map((task) => [task, step.id] as const)))
  return lab.tasks.map((task) => {
    const done = progress.tasks.get(task.id) ?? untouched
    const { verdict } = done
    const next = task.hints[done.hintsShown]
    return {
      id: task.id,
      title: task.title,
      step: stepOf.get(task.id) ?? lab.steps[0]?.id ?? '',
      points: task.points,
      earned: earnedOf(task, done),
      state: checking.has(task.id) ? 'checking' : done.state,
      met: done.met,
      evidence: verdict?.evidence ?? [],
      hints: task.hints.slice(0, done.hintsShown).map((hint) => hint.text),
      ...(verdict === undefined
        ? {}
        : { reason: verdict.reason, code: verdict.code, milliseconds: verdict.milliseconds }),
      ...(done.checkedAt === undefined ? {} : { checkedAt: done.checkedAt }),
      ...(next === undefined ? {} : { nextHintCost: next.cost }),
    }
  })
}
