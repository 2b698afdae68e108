import type { Clock } from '../../protocol/clock.ts'
import type { Attempt } from './attempt.ts'

/** Longest life of a session. */
export const LONGEST_HOURS = 24
const SHORTEST_EXTENSION_MINUTES = 30
/** Between two tries to end a session while nothing can be stored. */
const RETRY_MILLISECONDS = 2000

export interface DeadlineOptions {
  attempt: Attempt
  clock: Clock
  /** The time is over. Called again after a pause when it rejects. */
  end(this: void): Promise<void>
  log(this: void, error: unknown): void
}

/** When the time of a session is over, and what happens then. */
export class Deadline implements Disposable {
  readonly #options: DeadlineOptions
  #timer: Disposable | undefined
  #closed = false

  constructor(options: DeadlineOptions) {
    this.#options = options
  }

  /** When it would end if it were extended now, in milliseconds since 1970. Not later than `LONGEST_HOURS` after its start. */
  get extended(): number {
    const { events, endsAt, lab } = this.#options.attempt
    const longest = Date.parse(events[0]!.at) + LONGEST_HOURS * 3_600_000
    return Math.min(longest, endsAt + Math.max(SHORTEST_EXTENSION_MINUTES, lab.minutes) * 60_000)
  }

  /** Waits for the end as the events say it now: to be called at the start and after an extension. */
  set(): void {
    const { attempt, clock } = this.#options
    this.#wait(Math.max(0, attempt.endsAt - clock.now()), true)
  }

  #wait(milliseconds: number, isFirst: boolean): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#closed) return
    const { clock, end, log } = this.#options
    this.#timer = clock.after(milliseconds, () => {
      end().catch((error: unknown) => {
        if (isFirst) log(error)
        this.#wait(RETRY_MILLISECONDS, false)
      })
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
  }
}
