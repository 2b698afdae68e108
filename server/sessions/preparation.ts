import { LabwrightError } from '../../protocol/errors/error.ts'
import { serverError } from '../../protocol/errors/server.ts'
import type { PhaseView } from '../../protocol/session.ts'
import type { Clock } from '../../protocol/clock.ts'
import type { Store } from '../store/index.ts'
import type { Attempt } from './attempt.ts'
import { PHASES, type Life, type Phase, type Problem } from './life.ts'

/** Lines of a phase's log that are kept and shown. */
const LOG_LINES = 20
const TITLES: Record<Phase, string> = { cluster: 'Cluster', tools: 'Tools', setup: 'Lesson set-up' }

/** What a phase does. It may be run again after it failed. */
export type PhaseWork = (log: (line: string) => void, signal: AbortSignal) => Promise<void>

export type PhaseOutcome = { ok: true } | { ok: false; problem: Problem }

/** The phases of one session: runs them, keeps their logs and times. */
export class Preparation {
  readonly #attempt: Attempt
  readonly #store: Store
  readonly #clock: Clock
  readonly #usual = new Map<Phase, number>()
  #running: { phase: Phase; since: number; log: string[] } | undefined

  constructor(options: { attempt: Attempt; store: Store; clock: Clock }) {
    this.#attempt = options.attempt
    this.#store = options.store
    this.#clock = options.clock
  }

  async loadUsualTimes(): Promise<void> {
    for (const phase of PHASES) {
      const usual = await this.#store.get('usual-time', this.#key(phase))
      if (usual !== undefined) this.#usual.set(phase, usual.milliseconds)
    }
  }

  /** Runs one phase; the outcome is on disk when this resolves. Rejects when it could not be stored, or was given up. */
  async run(
    phase: Phase,
    work: PhaseWork,
    { signal, onChange }: { signal: AbortSignal; onChange: () => void },
  ): Promise<PhaseOutcome> {
    const since = this.#clock.monotonic()
    const running = { phase, since, log: [] as string[] }
    this.#running = running
    onChange()
    const log = (line: string) => {
      running.log.splice(0, Math.max(0, running.log.length - LOG_LINES + 1))
      running.log.push(line)
      onChange()
    }
    try {
      await work(log, signal)
      const milliseconds = Math.round(this.#clock.monotonic() - since)
      await this.#attempt.record({ type: 'phase-done', phase, milliseconds, log: running.log })
      await this.#remember(phase, milliseconds)
      return { ok: true }
    } catch (error) {
      signal.throwIfAborted()
      const problem = problemOf(error, phase)
      const milliseconds = Math.round(this.#clock.monotonic() - since)
      await this.#attempt.record({ type: 'phase-failed', phase, milliseconds, log: running.log, ...problem })
      return { ok: false, problem }
    } finally {
      this.#running = undefined
    }
  }

  views(life: Life): PhaseView[] {
    return PHASES.map((phase) => {
      const usual = this.#usual.get(phase)
      const view = { id: phase, title: TITLES[phase], ...(usual === undefined ? {} : { usualMilliseconds: usual }) }
      if (this.#running?.phase === phase) {
        const { since, log } = this.#running
        return { ...view, state: 'running', milliseconds: Math.round(this.#clock.monotonic() - since), log: [...log] }
      }
      const ended = this.#attempt.events.findLast(
        (event) => (event.type === 'phase-done' || event.type === 'phase-failed') && event.phase === phase,
      )
      const state = stateOf(life, phase, ended?.type === 'phase-done')
      if (state === 'waiting' || (ended?.type !== 'phase-done' && ended?.type !== 'phase-failed'))
        return { ...view, state, log: [] }
      return { ...view, state, milliseconds: ended.milliseconds, log: ended.log }
    })
  }

  #key(phase: Phase): string {
    return `${this.#attempt.lab.id}/${phase}`
  }

  /** A moving average: the machine of last month counts less than the one of today. */
  async #remember(phase: Phase, milliseconds: number): Promise<void> {
    const before = this.#usual.get(phase)
    const usual = before === undefined ? milliseconds : Math.round(before * 0.7 + milliseconds * 0.3)
    this.#usual.set(phase, usual)
    await this.#store.put('usual-time', this.#key(phase), { milliseconds: usual })
  }
}

function stateOf(life: Life, phase: Phase, done: boolean): PhaseView['state'] {
  if (life.state === 'failed' && life.phase === phase) return 'failed'
  if (life.state === 'failed' || life.state === 'preparing') return life.done.includes(phase) ? 'done' : 'waiting'
  return done ? 'done' : 'waiting'
}

export function problemOf(error: unknown, phase: string): Problem {
  const known =
    error instanceof LabwrightError
      ? error
      : serverError('PHASE_FAILED', { phase, reason: (error as Error).message.replace(/\.$/, '') }, error)
  return { code: known.code, sentence: known.message }
}
