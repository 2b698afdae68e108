import type { Lab, Task } from '../../protocol/lab.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import type { AskedBy, AttemptEvent, Progress } from '../store/index.ts'
import type { Clock } from '../../protocol/clock.ts'
import { CheckQueue, isOpen } from './queue.ts'

/** Checks of one session that run at the same time. */
const MAXIMUM_RUNS = 2
/** How long a run that the learner asked for waits for the condition: an answer that takes longer feels like none. */
const LEARNER_PATIENCE_MILLISECONDS = 3000
/** How long a run that a change asked for waits for the condition: the next change asks again anyway. */
const CHANGE_PATIENCE_MILLISECONDS = 200
/** Between two tries to store a verdict while the disk is full. */
const STORE_RETRY_MILLISECONDS = 2000

export interface GraderOptions {
  lab: Lab
  clock: Clock
  /** What the attempt's events say now. */
  progress(this: void): Progress
  /** Runs a check; never throws. */
  check(this: void, task: Task, patienceMilliseconds: number, signal: AbortSignal): Promise<Verdict>
  /** Stores an event and tells the pages; rejects when it could not be stored. */
  record(this: void, event: AttemptEvent): Promise<void>
  log(this: void, error: unknown, about: string): void
  /** The set of tasks that a page shows as being checked has changed. */
  onChecking(this: void, checking: ReadonlySet<string>): void
}

/** Decides when the checks of one session run, and stores what they say. It trusts nothing but checks. */
export class Grader implements AsyncDisposable {
  readonly #options: GraderOptions
  readonly #queue: CheckQueue
  readonly #runs = new Map<string, { by: AskedBy; stop: AbortController; ended: Promise<void> }>()
  readonly #checking = new Set<string>()
  #timer: Disposable | undefined
  #paused = true
  #closed = false

  constructor(options: GraderOptions) {
    this.#options = options
    this.#queue = new CheckQueue(options.lab)
  }

  /** The learner asks for a check. Resolves when that is on disk; the verdict comes as an event. */
  async ask(task: string): Promise<void> {
    if (this.#checking.has(task)) return
    this.#setChecking(task, true)
    try {
      await this.#options.record({ type: 'asked', task, by: 'learner' })
    } catch (error) {
      this.#setChecking(task, false)
      throw error
    }
    this.#queue.ask(task, this.#now())
    // A run that a change asked for has little patience and may have begun too early: the learner gets one of their own.
    this.#preempt(task)
    this.#pump()
  }

  /** A resource of the cluster changed: `pods`, `peerauthentications.security.istio.io`. */
  changed(resource: string): void {
    this.#queue.changed(resource, this.#now())
    this.#pump()
  }

  /** The cluster answers. After it was away, what was decided before and what the learner works at may have changed unseen. */
  resume(wasAway: boolean): void {
    this.#paused = false
    if (wasAway) {
      const { lab, progress } = this.#options
      const { tasks, step } = progress()
      const reached = lab.steps.slice(0, lab.steps.findIndex(({ id }) => id === step) + 1).flatMap((one) => one.tasks)
      const decided = lab.tasks.filter(({ id }) => tasks.get(id)?.verdict !== undefined).map(({ id }) => id)
      this.#queue.missed([...decided, ...reached], this.#now())
    }
    this.#pump()
  }

  /** No check is started until `resume`. */
  pause(): void {
    this.#paused = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    for (const { stop } of this.#runs.values()) stop.abort()
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended))
    // What was asked for and never ran is not being checked any more.
    for (const task of this.#checking) this.#setChecking(task, false)
  }

  #now(): number {
    return this.#options.clock.monotonic()
  }

  #preempt(wanted: string): void {
    const own = this.#runs.get(wanted)
    if (own !== undefined) return own.by === 'change' ? own.stop.abort() : undefined
    if (this.#runs.size < MAXIMUM_RUNS) return
    for (const [task, run] of this.#runs) {
      if (run.by !== 'change') continue
      this.#queue.missed([task], this.#now())
      return run.stop.abort()
    }
  }

  #pump(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#closed || this.#paused) return
    const running = new Set(this.#runs.keys())
    while (this.#runs.size < MAXIMUM_RUNS) {
      const next = this.#queue.next(this.#now(), this.#options.progress(), running)
      if (next === undefined) break
      running.add(next.task.id)
      this.#start(next.task, next.by)
    }
    const wait = this.#runs.size < MAXIMUM_RUNS ? this.#queue.wait(this.#now(), running) : undefined
    if (wait !== undefined) this.#timer = this.#options.clock.after(wait, () => this.#pump())
  }

  #start(task: Task, by: AskedBy): void {
    const stop = new AbortController()
    const started = this.#now()
    const ended = this.#run(task, by, stop.signal).finally(() => {
      this.#runs.delete(task.id)
      this.#queue.ended(task.id, this.#now(), this.#now() - started)
      this.#pump()
    })
    this.#runs.set(task.id, { by, stop, ended })
  }

  async #run(task: Task, by: AskedBy, signal: AbortSignal): Promise<void> {
    const patience = by === 'learner' ? LEARNER_PATIENCE_MILLISECONDS : CHANGE_PATIENCE_MILLISECONDS
    const verdict = await this.#options.check(task, patience, signal)
    if (!signal.aborted && this.#isWorthKeeping(task, by, verdict))
      await this.#store({ type: 'verdict', task: task.id, by, verdict }, signal)
    if (by === 'learner') this.#setChecking(task.id, false)
  }

  /**
   * What the learner asked for is always kept. Of what changes asked for: no repetitions, no failures of the check itself,
   * and nothing against tasks that the learner has not come to yet.
   */
  #isWorthKeeping(task: Task, by: AskedBy, verdict: Verdict): boolean {
    if (by === 'learner') return true
    const { lab, progress } = this.#options
    const now = progress()
    if (verdict.state === 'broken' || !isOpen(task, now)) return false
    const before = now.tasks.get(task.id)!
    const seen = before.verdict
    if (seen?.state === verdict.state && seen.code === verdict.code && seen.reason === verdict.reason) return false
    if (verdict.state === 'met' || before.state !== 'todo') return true
    const step = lab.steps.findIndex(({ tasks }) => tasks.includes(task.id))
    return step <= lab.steps.findIndex(({ id }) => id === now.step)
  }

  /** Stored before it is shown; while the disk is full the verdict waits for room, and is not lost. */
  async #store(event: AttemptEvent, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await this.#options.record(event)
      } catch (error) {
        if (attempt === 1) this.#options.log(error, 'storing a verdict')
        await this.#pause(STORE_RETRY_MILLISECONDS, signal)
      }
    }
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer[Symbol.dispose]()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#options.clock.after(milliseconds, done)
      signal.addEventListener('abort', done)
    })
  }

  #setChecking(task: string, is: boolean): void {
    if (is) this.#checking.add(task)
    else this.#checking.delete(task)
    this.#options.onChecking(this.#checking)
  }
}
