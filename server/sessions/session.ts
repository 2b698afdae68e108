import type { LabwrightError } from '../../protocol/errors/error.ts'
import { serverError } from '../../protocol/errors/server.ts'
import type { Command, Lab } from '../../protocol/lab.ts'
import type { SessionEvent, SessionView } from '../../protocol/session.ts'
import type { Clock } from '../../protocol/clock.ts'
import type { ClusterNotice } from '../clusters/index.ts'
import { Grader, type Checker } from '../grading/index.ts'
import type { AttemptEvent, Store } from '../store/index.ts'
import type { ShellSpec } from '../workspaces/index.ts'
import { Attempt } from './attempt.ts'
import { Deadline, LONGEST_HOURS } from './deadline.ts'
import { Ground, type GroundTools } from './ground.ts'
import { nextPhase, transition, type Life, type LifeEvent, type Phase, type Problem } from './life.ts'
import { Pages } from './pages.ts'
import { Preparation } from './preparation.ts'
import { asProblem, isUnknownCluster } from './problems.ts'
import { sessionView } from './session-view.ts'

/** What sessions are made of; the same for all of them. */
export interface SessionTools extends GroundTools {
  store: Store
  clock: Clock
  check: Checker
  log(this: void, error: unknown, about: string): void
}

type Change = 'retried' | 'reset' | 'finish' | 'delete' | 'release'

/** One learner's run of one lab. */
export class Session implements AsyncDisposable {
  readonly id: string
  readonly account: string
  readonly lab: Lab
  readonly #tools: SessionTools
  readonly #attempt: Attempt
  readonly #ground: Ground
  readonly #preparation: Preparation
  readonly #grader: Grader
  readonly #deadline: Deadline
  readonly #pages: Pages
  readonly #stop = new AbortController()
  #life: Life
  /** True when what happened in the cluster since the last verdicts may have gone unseen, or it is another cluster. */
  #unseen: boolean
  #watch: Disposable | undefined
  #preparing: Promise<void> | undefined
  #turn: Promise<void> = Promise.resolve()
  /** Changes that are under way: whoever asks for the same one meanwhile shares it. */
  readonly #changes = new Map<Change, Promise<void>>()
  /** Why nothing can be stored at the moment. */
  #storeProblem: Problem | undefined

  constructor(attempt: Attempt, tools: SessionTools) {
    const started = attempt.last('started')!
    this.id = attempt.id
    this.account = started.account
    this.lab = attempt.lab
    this.#tools = tools
    this.#attempt = attempt
    // The events say that it was ready once; until its cluster has answered this server, it is not.
    this.#life = transition(attempt.life(), { type: 'cluster-away', problem: asProblem(serverError('CLUSTER_AWAY')) })
    this.#pages = new Pages(attempt, () => this.view())
    this.#unseen =
      this.#life.state === 'recovering' ||
      attempt.last('cluster-gone') !== undefined ||
      attempt.last('reset') !== undefined
    this.#ground = new Ground(attempt, tools)
    this.#preparation = new Preparation({ attempt, store: tools.store, clock: tools.clock })
    this.#grader = new Grader({
      lab: this.lab,
      clock: tools.clock,
      progress: () => attempt.progress,
      check: (task, patienceMilliseconds, signal) =>
        tools.check({ lab: this.lab, task, cluster: this.#ground.cluster, patienceMilliseconds, signal }),
      record: (event) => this.#record(event),
      log: (error, about) => tools.log(error, `${about} in session ${this.id}`),
      onChecking: (checking) => this.#pages.showChecking(checking),
    })
    this.#deadline = new Deadline({
      attempt,
      clock: tools.clock,
      end: async () => {
        await this.finish('deadline')
        await this.release()
      },
      log: (error) => tools.log(error, `ending session ${this.id}`),
    })
  }

  get state(): Life['state'] {
    return this.#life.state
  }

  /** True when its cluster and files exist, or may exist. */
  get held(): boolean {
    return this.#attempt.last('released') === undefined
  }

  get claimedCluster(): string | undefined {
    return this.#ground.claimedCluster
  }

  /** Takes the session up: prepares what is not prepared, and looks for cluster and workspace of one that was ready before the server started. */
  async begin(): Promise<void> {
    await this.#preparation.loadUsualTimes()
    this.#deadline.set()
    if (this.#life.state === 'preparing') this.#prepare()
    else if (this.#life.state === 'recovering' || this.#isKept())
      this.#preparing = this.#adopt().catch((error: unknown) => this.#tools.log(error, `adopting session ${this.id}`))
  }

  watch(listener: (event: SessionEvent) => void): Disposable {
    return this.#pages.watch(listener)
  }

  view(): SessionView {
    return sessionView({
      attempt: this.#attempt,
      life: this.#life,
      phases: this.#preparation.views(this.#life),
      tasks: this.#pages.tasks(),
      ground: this.#ground,
      isExtendable: this.#isRunning() && this.#deadline.extended > this.#attempt.endsAt,
      isKept: this.#isKept(),
      storeProblem: this.#storeProblem,
    })
  }

  command(step: string, command: string): Command | undefined {
    return this.lab.steps.find(({ id }) => id === step)?.commands.find(({ id }) => id === command)
  }

  /** What to start in a new terminal. */
  shell(): ShellSpec {
    const done = this.#life.state === 'preparing' || this.#life.state === 'failed' ? this.#life.done : undefined
    if (!this.#isKept()) this.#mustBeRunning()
    if (done !== undefined && !done.includes('tools')) throw serverError('SESSION_NOT_READY')
    return this.#ground.shell()
  }

  /** The learner turned to a page. */
  async openStep(step: string): Promise<void> {
    if (!this.lab.steps.some(({ id }) => id === step)) throw serverError('STEP_UNKNOWN', { step })
    if (this.#isRunning() && this.#attempt.progress.step !== step) await this.#record({ type: 'step', step })
  }

  async check(task: string): Promise<void> {
    this.#task(task)
    this.#mustBeReady()
    if (this.#attempt.progress.tasks.get(task)?.state === 'frozen') throw serverError('TASK_FROZEN', { task })
    await this.#grader.ask(task)
  }

  /** Shows the task's next hint and takes its cost. */
  async hint(task: string): Promise<{ hints: string[]; nextHintCost?: number }> {
    const { hints } = this.#task(task)
    this.#mustBeRunning()
    const shown = this.#attempt.progress.tasks.get(task)!.hintsShown
    const next = hints[shown]
    if (next === undefined) throw serverError('NO_MORE_HINTS', { task })
    await this.#record({ type: 'hint', task, hint: shown, cost: next.cost })
    const after = hints[shown + 1]
    return {
      hints: hints.slice(0, shown + 1).map(({ text }) => text),
      ...(after === undefined ? {} : { nextHintCost: after.cost }),
    }
  }

  /** Writes a file block of the lesson into the workspace's home. */
  async saveFile(step: string, file: string): Promise<string> {
    const block = this.lab.steps.find(({ id }) => id === step)?.files.find(({ id }) => id === file)
    if (block === undefined) throw serverError('FILE_UNKNOWN', { step, file })
    this.#mustBeReady()
    return this.#ground.writeFile(block.path, block.text)
  }

  retry(): Promise<void> {
    return this.#anew('retried', () => {
      if (this.#life.state !== 'failed') throw serverError('SESSION_NOT_FAILED')
    })
  }

  /** Makes the cluster as the lab begins with it. Shells, files, and what was once met stay. */
  reset(): Promise<void> {
    return this.#anew('reset', () => {
      this.#mustBeRunning()
      if (this.#life.state === 'preparing') throw serverError('SESSION_NOT_READY')
    })
  }

  /** Begins the preparation again. One after the other, and behind whatever takes the session up: two would claim two clusters. */
  #anew(change: 'retried' | 'reset', mustBePossible: () => void): Promise<void> {
    return this.#once(change, async () => {
      mustBePossible()
      const turn = this.#turn.then(async () => {
        await this.#preparing
        mustBePossible()
        await this.#record({ type: change })
        this.#watch?.[Symbol.dispose]()
        this.#watch = undefined
        this.#grader.pause()
        this.#move({ type: change })
        this.#prepare()
      })
      this.#turn = turn.catch(() => undefined)
      await turn
    })
  }

  async extend(): Promise<void> {
    this.#mustBeRunning()
    const end = this.#deadline.extended
    if (end <= this.#attempt.endsAt) throw serverError('SESSION_NOT_EXTENDABLE', { hours: String(LONGEST_HOURS) })
    await this.#record({ type: 'extended', endsAt: new Date(end).toISOString() })
    this.#deadline.set()
  }

  /** Ends the attempt. Shells, files and cluster stay, to be looked at, until the time is over or the lab is started again. */
  finish(by: 'learner' | 'deadline'): Promise<void> {
    return this.#once('finish', async () => {
      if (!this.#isRunning()) return
      await this.#record({ type: 'finished', by })
      this.#move({ type: 'finished' })
      await this.#rest()
    })
  }

  /** The learner takes the session away. */
  delete(): Promise<void> {
    return this.#once('delete', async () => {
      if (this.#life.state === 'deleted') return
      await this.#record({ type: 'deleted' })
      this.#move({ type: 'deleted' })
      await this.release()
    })
  }

  /** Ends shells, files and cluster. What fails is tried again when the server starts. */
  release(): Promise<void> {
    return this.#once('release', async () => {
      if (!this.held) return
      this.#stop.abort()
      await this.#preparing
      await this.#rest()
      await this.#ground.release()
      await this.#record({ type: 'released' })
    })
  }

  /** Lets go of the session: its shells and cluster go on without the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#deadline[Symbol.dispose]()
    await this.#preparing
    await this.#rest()
    await Promise.allSettled(this.#changes.values())
  }

  #once(change: Change, work: () => Promise<void>): Promise<void> {
    const underway = this.#changes.get(change) ?? work().finally(() => this.#changes.delete(change))
    this.#changes.set(change, underway)
    return underway
  }

  async #rest(): Promise<void> {
    this.#watch?.[Symbol.dispose]()
    this.#watch = undefined
    await this.#grader[Symbol.asyncDispose]()
  }

  #prepare(): void {
    const run = async () => {
      if (this.#life.state === 'preparing' && !(await this.#isGroundThere(this.#life.done))) return
      while (this.#life.state === 'preparing') {
        const phase = nextPhase(this.#life.done)
        if (phase === undefined) return
        const { signal } = this.#stop
        const outcome = await this.#preparation.run(phase, this.#ground.work[phase], {
          signal,
          onChange: () => this.#pages.showView(),
        })
        this.#move(
          outcome.ok ? { type: 'phase-done', phase } : { type: 'phase-failed', phase, problem: outcome.problem },
        )
      }
      if (this.#life.state === 'ready') this.#follow()
    }
    this.#preparing = run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fail(error)
    })
  }

  /** Takes up what earlier phases made, maybe in another run of the server. False when it is gone. */
  async #isGroundThere(done: readonly Phase[]): Promise<boolean> {
    try {
      if (done.includes('tools')) await this.#ground.adopt()
      else if (done.includes('cluster')) await this.#ground.find()
      return true
    } catch (error) {
      if (!isUnknownCluster(error)) throw error
      await this.#lose(error)
      return false
    }
  }

  /** There is no such cluster any more. It is in the record, for all that was prepared on it has to be prepared again. */
  async #lose(error: LabwrightError): Promise<void> {
    const problem = asProblem(error)
    this.#grader.pause()
    await this.#record({ type: 'cluster-gone', ...problem })
    this.#move({ type: 'cluster-gone', problem })
  }

  /** Even the failure could not be stored: the page learns of it, and the phase may be tried again. */
  #fail(error: unknown): void {
    this.#tools.log(error, `preparing session ${this.id}`)
    const phase = this.#life.state === 'preparing' ? (nextPhase(this.#life.done) ?? 'setup') : 'setup'
    this.#move({ type: 'phase-failed', phase, problem: asProblem(error) })
  }

  /** After a start of the server: the cluster and the workspace are there, or are brought back. */
  async #adopt(): Promise<void> {
    try {
      await this.#ground.adopt()
      this.#follow()
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#tools.log(error, `adopting session ${this.id}`)
      if (isUnknownCluster(error) && this.#isRunning()) return this.#lose(error)
      this.#move({ type: 'cluster-gone', problem: asProblem(error) })
    }
  }

  #follow(): void {
    if (this.#stop.signal.aborted || !this.#isRunning()) return
    this.#watch?.[Symbol.dispose]()
    this.#watch = this.#ground.cluster.watch((notice) => this.#notice(notice))
  }

  #notice(notice: ClusterNotice): void {
    if (notice.type === 'READY') {
      this.#move({ type: 'cluster-ready' })
      this.#grader.resume(this.#unseen)
      this.#unseen = false
    } else if (notice.type === 'AWAY') {
      this.#grader.pause()
      this.#move({ type: 'cluster-away', problem: notice.problem ?? asProblem(serverError('CLUSTER_AWAY')) })
    } else if (notice.type === 'GONE') {
      const gone = serverError('CLUSTER_UNKNOWN', { cluster: this.#ground.claimedCluster ?? '' })
      this.#lose(gone).catch((error: unknown) => this.#tools.log(error, `losing the cluster of session ${this.id}`))
    } else this.#grader.changed(notice.resource)
  }

  #move(event: LifeEvent): void {
    if (event.type === 'cluster-away' || event.type === 'cluster-gone' || event.type === 'reset') this.#unseen = true
    const after = transition(this.#life, event)
    if (after === this.#life) return
    this.#life = after
    this.#pages.showView()
  }

  async #record(event: AttemptEvent): Promise<void> {
    try {
      await this.#attempt.record(event)
    } catch (error) {
      this.#storeProblem = asProblem(error)
      this.#pages.showView()
      throw error
    }
    const mended = this.#storeProblem !== undefined
    this.#storeProblem = undefined
    if (!mended && (event.type === 'verdict' || event.type === 'hint')) this.#pages.showTasks([event.task])
    else if (event.type !== 'asked') this.#pages.showView()
  }

  #task(task: string) {
    const found = this.lab.tasks.find(({ id }) => id === task)
    if (found === undefined) throw serverError('TASK_UNKNOWN', { task })
    return found
  }

  /** True when it is finished and nothing of it is taken down yet. */
  #isKept(): boolean {
    return this.#life.state === 'finished' && this.held && !this.#stop.signal.aborted
  }

  #isRunning(): boolean {
    return this.#life.state !== 'finished' && this.#life.state !== 'deleted'
  }

  #mustBeRunning(): void {
    if (!this.#isRunning()) throw serverError('SESSION_OVER')
  }

  #mustBeReady(): void {
    this.#mustBeRunning()
    if (this.#life.state === 'recovering') throw serverError('CLUSTER_AWAY')
    if (this.#life.state !== 'ready') throw serverError('SESSION_NOT_READY')
  }
}
