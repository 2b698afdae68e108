import type { Lab, Task } from '../../protocol/lab.ts'
import type { AskedBy, Progress } from '../store/index.ts'

/** After a change, so that one `kubectl apply` of ten objects is one run. */
export const DEBOUNCE_MILLISECONDS = 150
/** Rest between two runs that changes asked for: as long as half a run, so that a busy cluster never means a busy grader. */
const LONGEST_REST_MILLISECONDS = 1000

/** Changes that say nothing about a task unless it names them. */
const NOISE = new Set([
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpointslices.discovery.k8s.io',
])

/** Why and when a task's check is to run next. */
interface Entry {
  /** Monotonic time from which it may run; absent: nothing to do. */
  due?: number
  by: AskedBy
  restUntil: number
}

/** Which check runs next: what the learner asked for first, then what changed, tasks of the steps up to the current one first. */
export class CheckQueue {
  readonly #lab: Lab
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #stepOf: ReadonlyMap<string, number>

  constructor(lab: Lab) {
    this.#lab = lab
    this.#entries = new Map(lab.tasks.map(({ id }) => [id, { by: 'change', restUntil: 0 }]))
    this.#stepOf = new Map(lab.steps.flatMap((step, index) => step.tasks.map((task) => [task, index] as const)))
  }

  /** The learner asked: at once. */
  ask(task: string, now: number): void {
    const entry = this.#entries.get(task)!
    entry.by = 'learner'
    entry.due = now
  }

  /** A resource changed: every task that watches it is due soon. A task that is due already stays so: a storm does not put it off. */
  changed(resource: string, now: number): void {
    for (const task of this.#lab.tasks) {
      const watches = task.watches === undefined ? !NOISE.has(resource) : task.watches.includes(resource)
      if (watches) this.#want(task.id, now)
    }
  }

  /** Something may have been missed: these tasks are due. */
  missed(tasks: Iterable<string>, now: number): void {
    for (const task of tasks) this.#want(task, now)
  }

  /** Takes the next task that may run now. */
  next(now: number, progress: Progress, running: ReadonlySet<string>): { task: Task; by: AskedBy } | undefined {
    const ready = this.#lab.tasks.filter((task) => {
      const { due, by } = this.#entries.get(task.id)!
      if (due === undefined || due > now || running.has(task.id)) return false
      if (by === 'learner' || isOpen(task, progress)) return true
      delete this.#entries.get(task.id)!.due
      return false
    })
    const current = this.#lab.steps.findIndex((step) => step.id === progress.step)
    const rank = (task: Task) => {
      const entry = this.#entries.get(task.id)!
      if (entry.by === 'learner') return 0
      return (this.#stepOf.get(task.id) ?? 0) <= Math.max(0, current) ? 1 : 2
    }
    const task = ready.toSorted((a, b) => rank(a) - rank(b))[0]
    if (task === undefined) return undefined
    const entry = this.#entries.get(task.id)!
    const { by } = entry
    delete entry.due
    entry.by = 'change'
    return { task, by }
  }

  /** A run ended after that many milliseconds. */
  ended(task: string, now: number, milliseconds: number): void {
    const entry = this.#entries.get(task)!
    entry.restUntil = now + Math.min(LONGEST_REST_MILLISECONDS, milliseconds / 2)
    if (entry.due !== undefined && entry.by === 'change') entry.due = Math.max(entry.due, entry.restUntil)
  }

  /** Milliseconds until a waiting task may run; undefined when none waits. */
  wait(now: number, running: ReadonlySet<string>): number | undefined {
    const times = [...this.#entries].flatMap(([task, { due }]) =>
      due === undefined || running.has(task) ? [] : [due - now],
    )
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times))
  }

  #want(task: string, now: number): void {
    const entry = this.#entries.get(task)!
    entry.due ??= Math.max(now + DEBOUNCE_MILLISECONDS, entry.restUntil)
  }
}

/** False for a task whose state no check can change any more. */
export function isOpen(task: Task, progress: Progress): boolean {
  const done = progress.tasks.get(task.id)
  return done !== undefined && done.state !== 'frozen' && !(done.sealed && done.state === 'met')
}
