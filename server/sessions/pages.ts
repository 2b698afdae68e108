import type { SessionEvent, SessionView, TaskView } from '../../protocol/session.ts'
import { pointsOf, taskViews } from '../store/index.ts'
import type { Attempt } from './attempt.ts'

/** The open pages of one session, and what they are told of it: the whole view, or the tasks that changed. */
export class Pages {
  readonly #attempt: Attempt
  readonly #view: () => SessionView
  readonly #listeners = new Set<(event: SessionEvent) => void>()
  #checking: ReadonlySet<string> = new Set()

  constructor(attempt: Attempt, view: () => SessionView) {
    this.#attempt = attempt
    this.#view = view
  }

  watch(listener: (event: SessionEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The tasks as pages show them now. */
  tasks(): TaskView[] {
    return taskViews(this.#attempt.lab, this.#attempt.progress, this.#checking)
  }

  showView(): void {
    if (this.#listeners.size > 0) this.#tell({ type: 'view', view: this.#view() })
  }

  showTasks(changed: string[]): void {
    const points = pointsOf(this.#attempt.lab, this.#attempt.progress)
    for (const task of this.tasks()) if (changed.includes(task.id)) this.#tell({ type: 'task', task, points })
  }

  /** Other tasks are being checked than before. */
  showChecking(checking: ReadonlySet<string>): void {
    const before = this.#checking
    this.#checking = new Set(checking)
    this.showTasks([...new Set([...before, ...checking])].filter((task) => before.has(task) !== checking.has(task)))
  }

  #tell(event: SessionEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
