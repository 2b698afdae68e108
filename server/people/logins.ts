import { createHash, randomBytes } from 'node:crypto'
import os from 'node:os'
import { serverError } from '../../protocol/errors/server.ts'
import type { Person } from '../../protocol/rest.ts'
import type { Clock } from '../../protocol/clock.ts'
import type { Store } from '../store/index.ts'

/** A start link that nobody opened for so long is of no use any more. */
const CODE_LIFETIME_MILLISECONDS = 12 * 3_600_000
export const LOGIN_LIFETIME_SECONDS = 30 * 24 * 3600
/** Wrong codes in a minute after which the next one is told to wait. A code has 192 bits: this is against noise, and keeps no right one out. */
const WRONG_CODES_PER_MINUTE = 20
/** Of this machine's own user. */
const LOCAL_ACCOUNT = 'local'

/** Lets in who has a start link. Codes are good once; cookies are opaque and stored as hashes. */
export class Logins {
  readonly #store: Store
  readonly #clock: Clock
  readonly #codes = new Map<string, number>()
  #wrong: number[] = []

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store
    this.#clock = clock
  }

  /** A new code for a start link. */
  issueCode(): string {
    const now = this.#clock.monotonic()
    for (const [hash, until] of this.#codes) if (until < now) this.#codes.delete(hash)
    const code = randomBytes(24).toString('base64url')
    this.#codes.set(hashOf(code), now + CODE_LIFETIME_MILLISECONDS)
    return code
  }

  /**
   * Uses a code up and answers with the value of the login cookie.
   * @throws LOGIN_CODE_INVALID, LOGIN_TOO_OFTEN
   */
  async login(code: string): Promise<string> {
    const now = this.#clock.monotonic()
    const hash = hashOf(code)
    const until = this.#codes.get(hash)
    if (until === undefined || until < now) {
      this.#wrong = this.#wrong.filter((at) => at > now - 60_000)
      if (this.#wrong.length >= WRONG_CODES_PER_MINUTE) throw serverError('LOGIN_TOO_OFTEN')
      this.#wrong.push(now)
      throw serverError('LOGIN_CODE_INVALID')
    }
    this.#codes.delete(hash)
    const cookie = randomBytes(32).toString('base64url')
    const expiresAt = new Date(this.#clock.now() + LOGIN_LIFETIME_SECONDS * 1000).toISOString()
    try {
      await this.#store.put('account', LOCAL_ACCOUNT, { name: localName(), kind: 'local' })
      await this.#store.put('login', hashOf(cookie), { account: LOCAL_ACCOUNT, expiresAt })
    } catch (error) {
      // The login was not stored, so the code was not used.
      this.#codes.set(hash, until)
      throw error
    }
    return cookie
  }

  /** The account behind a cookie. */
  async who(cookie: string | undefined): Promise<{ account: string; me: Person } | undefined> {
    if (cookie === undefined) return undefined
    const login = await this.#store.get('login', hashOf(cookie))
    if (login === undefined || Date.parse(login.expiresAt) < this.#clock.now()) return undefined
    const me = await this.#store.get('account', login.account)
    return me === undefined ? undefined : { account: login.account, me }
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function localName(): string {
  try {
    return os.userInfo().username
  } catch {
    // A user id without an entry in the system's list of users.
    return 'you'
  }
}
