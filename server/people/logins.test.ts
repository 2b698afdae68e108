import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { openSqliteStore, type Store } from '../store/index.ts'
import { LOGIN_LIFETIME_SECONDS, Logins } from './logins.ts'

let folder: string
let store: Store
let clock: ManualClock
let logins: Logins
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-logins-'))
  store = openSqliteStore({ folder })
  clock = new ManualClock()
  logins = new Logins({ store, clock })
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('a code logs in once', async () => {
  const code = logins.issueCode()
  expect(await logins.who(await logins.login(code))).toMatchObject({ account: 'local', me: { kind: 'local' } })
  await expect(logins.login(code)).rejects.toMatchObject({ code: 'LOGIN_CODE_INVALID', status: 401 })
})

test('a second code may be given out while the first is unused, and both work', async () => {
  const codes = [logins.issueCode(), logins.issueCode()]
  for (const code of codes) expect(await logins.login(code)).toBeTruthy()
})

test('a code that lay for twelve hours is refused', async () => {
  const code = logins.issueCode()
  await clock.advance(12 * 3_600_000 + 1)
  await expect(logins.login(code)).rejects.toMatchObject({ code: 'LOGIN_CODE_INVALID' })
})

test('after many wrong codes the next has to wait a minute, and nobody with a right one', async () => {
  for (let time = 0; time < 20; time += 1) await logins.login('wrong').catch(() => undefined)
  await expect(logins.login('wrong')).rejects.toMatchObject({ code: 'LOGIN_TOO_OFTEN', status: 429 })
  expect(await logins.login(logins.issueCode())).toBeTruthy()
  await clock.advance(60_001)
  await expect(logins.login('wrong')).rejects.toMatchObject({ code: 'LOGIN_CODE_INVALID' })
})

test('a login outlives the server, not its thirty days, and is kept as a hash', async () => {
  const cookie = await logins.login(logins.issueCode())
  expect(await store.get('login', cookie)).toBeUndefined()
  const after = new Logins({ store, clock })
  expect(await after.who(cookie)).toBeDefined()
  await clock.advance(LOGIN_LIFETIME_SECONDS * 1000 + 1)
  expect(await after.who(cookie)).toBeUndefined()
})

test.each([undefined, '', 'made-up'])('nobody is behind the cookie %j', async (cookie) => {
  expect(await logins.who(cookie)).toBeUndefined()
})
