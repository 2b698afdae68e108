import type { Lab } from '../../protocol/lab.ts'
import { progressOf, type AttemptEvent, type Progress, type Store, type StoredEvent } from '../store/index.ts'
import { born, PHASES, transition, type Life, type LifeEvent, type Phase } from './life.ts'

/** The events of one attempt: appended one after the other, and what follows from them. */
export class Attempt {
  readonly id: string
  readonly lab: Lab
  readonly #store: Store
  readonly #events: StoredEvent[]
  #progress: Progress
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: { id: string; lab: Lab; store: Store; events: StoredEvent[] }) {
    this.id = options.id
    this.lab = options.lab
    this.#store = options.store
    this.#events = [...options.events]
    this.#progress = progressOf(this.lab, this.#events)
  }

  get events(): readonly StoredEvent[] {
    return this.#events
  }

  get progress(): Progress {
    return this.#progress
  }

  /** The last event of a kind. */
  last<T extends StoredEvent['type']>(type: T): Extract<StoredEvent, { type: T }> | undefined {
    return this.#events.findLast((event): event is Extract<StoredEvent, { type: T }> => event.type === type)
  }

  /** Resolves when the event is on disk and part of what this attempt says. */
  record(event: AttemptEvent): Promise<void> {
    const write = async () => {
      this.#events.push(...(await this.#store.append(this.id, this.#events.length, [event])))
      this.#progress = progressOf(this.lab, this.#events)
    }
    const result = this.#last.then(write, write)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** When it ends unless it is extended, in milliseconds since 1970. */
  get endsAt(): number {
    return Date.parse((this.last('extended') ?? this.last('started'))!.endsAt)
  }

  /** The life as the events tell it. Whether the cluster answers is not in them. */
  life(): Life {
    return this.#events.flatMap(lifeEventOf).reduce(transition, born)
  }
}

function lifeEventOf(event: StoredEvent): LifeEvent[] {
  switch (event.type) {
    case 'phase-done':
      return isPhase(event.phase) ? [{ type: 'phase-done', phase: event.phase }] : []
    case 'phase-failed':
      return isPhase(event.phase)
        ? [{ type: 'phase-failed', phase: event.phase, problem: { code: event.code, sentence: event.sentence } }]
        : []
    case 'cluster-gone':
      return [{ type: event.type, problem: { code: event.code, sentence: event.sentence } }]
    case 'retried':
    case 'reset':
    case 'finished':
    case 'deleted':
      return [{ type: event.type }]
    default:
      return []
  }
}

function isPhase(phase: string): phase is Phase {
  return (PHASES as readonly string[]).includes(phase)
}
