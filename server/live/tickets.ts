import { randomBytes } from 'node:crypto'
import type { Clock } from '../../protocol/clock.ts'

const TICKET_MILLISECONDS = 30_000

interface Issued {
  session: string
  person: string
  until: number
}

/** Lets a page that was authenticated over HTTP open one live connection: good once, for half a minute, for one session. */
export class Tickets {
  readonly #issued = new Map<string, Issued>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  issue(session: string, person: string): string {
    const now = this.#clock.monotonic()
    for (const [ticket, { until }] of this.#issued) if (until < now) this.#issued.delete(ticket)
    const ticket = randomBytes(24).toString('base64url')
    this.#issued.set(ticket, { session, person, until: now + TICKET_MILLISECONDS })
    return ticket
  }

  /** The person that the ticket was given to; a wrong session uses it up as well. */
  redeem(ticket: string, session: string): string | undefined {
    const issued = this.#issued.get(ticket)
    this.#issued.delete(ticket)
    if (issued === undefined || issued.session !== session || issued.until < this.#clock.monotonic()) return undefined
    return issued.person
  }
}
