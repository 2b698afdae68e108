import { randomBytes } from 'node:crypto'
import { serverError } from '../../protocol/errors/server.ts'
import type { Lab } from '../../protocol/lab.ts'
import type { LabCard } from '../../protocol/session.ts'
import { pointsOf, progressOf, taskViews, type AttemptRow } from '../store/index.ts'
import { Attempt } from './attempt.ts'
import { LONGEST_HOURS } from './deadline.ts'
import type { Labs } from './pinned-labs.ts'
import { Session, type SessionTools } from './session.ts'

/** A session may take this many times the minutes that its lab names before it is ended, and at least an hour. */
const SLACK = 4

export interface SessionsOptions extends SessionTools {
  labs: Labs
}

/** All sessions of this server. A session of somebody else is as good as none. */
export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions
  readonly #sessions = new Map<string, Session>()
  /** Sessions that are being made or loaded, so that two requests get the same one. */
  readonly #underway = new Map<string, Promise<Session | undefined>>()
  #recovered: Promise<void> | undefined

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Takes up every session that held a cluster when the server stopped, and ends what was to be ended. */
  recover(): Promise<void> {
    this.#recovered ??= this.#recover()
    return this.#recovered
  }

  /** The session if it is in use; for the live connection, which asks often. */
  find(id: string, account: string): Session | undefined {
    const session = this.#sessions.get(id)
    return session !== undefined && session.account === account && session.state !== 'deleted' ? session : undefined
  }

  /** @throws SESSION_UNKNOWN, also for a session of somebody else */
  async get(id: string, account: string): Promise<Session> {
    await this.#recovered
    // Whoever asks: one that is in use is never loaded a second time.
    const session = this.#sessions.get(id) ?? (await this.#once(id, () => this.#load(id)))
    if (session === undefined || session.account !== account || session.state === 'deleted')
      throw serverError('SESSION_UNKNOWN')
    return session
  }

  /** The running session of that lab, or a new one. */
  async start(account: string, labId: string): Promise<Session> {
    await this.#recovered
    return (await this.#once(
      `${account}/${labId}`,
      async () => this.#running(account, labId) ?? this.#create(account, labId),
    ))!
  }

  /** Every lab with what this person has done in it. */
  async cards(account: string): Promise<LabCard[]> {
    await this.#recovered
    const [labs, attempts] = await Promise.all([this.#options.labs.list(), this.#options.store.attempts({ account })])
    return Promise.all(labs.map((lab) => this.#card(lab, account, attempts)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#underway.values())
    await Promise.all([...this.#sessions.values()].map((session) => session[Symbol.asyncDispose]()))
  }

  async #recover(): Promise<void> {
    const { store, pool, log } = this.#options
    const held = new Set<string>()
    for (const { id } of await store.attempts({ held: true })) {
      try {
        const session = await this.#load(id)
        if (session === undefined) continue
        if (session.claimedCluster !== undefined) held.add(session.claimedCluster)
        const work = session.state === 'deleted' ? session.release() : session.begin()
        work.catch((error: unknown) => log(error, `taking up session ${id}`))
      } catch (error) {
        log(error, `loading session ${id}`)
        const claimed = (await store.read(id)).findLast((event) => event.type === 'cluster-claimed')
        if (claimed?.type === 'cluster-claimed') held.add(claimed.cluster)
      }
    }
    pool.adopt(held).catch((error: unknown) => log(error, 'filling the pool of clusters'))
  }

  async #load(id: string): Promise<Session | undefined> {
    const { store, labs } = this.#options
    const events = await store.read(id)
    const [started] = events
    if (started?.type !== 'started') return undefined
    const lab = await labs.pinned(started.lab, started.version)
    const session = new Session(new Attempt({ id, lab, store, events }), this.#options)
    this.#sessions.set(id, session)
    return session
  }

  #running(account: string, lab: string): Session | undefined {
    return [...this.#sessions.values()].find(
      (session) =>
        session.account === account &&
        session.lab.id === lab &&
        session.state !== 'finished' &&
        session.state !== 'deleted',
    )
  }

  async #create(account: string, labId: string): Promise<Session> {
    const { store, labs, clock, log } = this.#options
    const lab = await labs.pin(labId)
    for (const old of this.#sessions.values())
      if (old.account === account && old.lab.id === labId && old.state === 'finished')
        old.release().catch((error: unknown) => log(error, `ending session ${old.id}`))
    const id = `s${randomBytes(8).toString('hex')}`
    const minutes = Math.min(LONGEST_HOURS * 60, Math.max(60, lab.minutes * SLACK))
    const endsAt = new Date(clock.now() + minutes * 60_000).toISOString()
    const attempt = new Attempt({ id, lab, store, events: [] })
    await attempt.record({ type: 'started', account, lab: labId, version: lab.version, endsAt })
    const session = new Session(attempt, this.#options)
    this.#sessions.set(id, session)
    await session.begin()
    return session
  }

  async #card(lab: Lab, account: string, attempts: AttemptRow[]): Promise<LabCard> {
    const running = this.#running(account, lab.id)
    const last = attempts.find((attempt) => attempt.lab === lab.id)
    const progress = progressOf(lab, last === undefined ? [] : await this.#options.store.read(running?.id ?? last.id))
    return {
      id: lab.id,
      title: lab.title,
      summary: lab.summary,
      minutes: lab.minutes,
      tasks: taskViews(lab, progress, new Set()).map(({ id, title, state, met }) => ({ id, title, state, met })),
      points: pointsOf(lab, progress),
      ...(running === undefined ? {} : { session: running.id }),
    }
  }

  #once(key: string, work: () => Promise<Session | undefined>): Promise<Session | undefined> {
    const underway = this.#underway.get(key) ?? work().finally(() => this.#underway.delete(key))
    this.#underway.set(key, underway)
    return underway
  }
}
