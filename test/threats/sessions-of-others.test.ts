import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CLOSE_NOT_ALLOWED, CLOSE_NO_SESSION } from '../../protocol/live.ts'
import { startWorld, type World } from '../support/world.ts'

/** Threat 2: reading the session of somebody else. Mallory has an account of this server and a login that is good. */
let world: World
let session: string
let cookie: string

beforeAll(async () => {
  world = await startWorld()
  session = (await world.enter('tiny')).session
  cookie = await loginOf('mallory')
})
afterAll(() => world[Symbol.asyncDispose]())

/** This product has one account yet, so a second is written into its database. */
async function loginOf(account: string): Promise<string> {
  const { default: Database } = await import('libsql')
  const value = randomBytes(32).toString('base64url')
  const database = new Database(path.join(world.ground.data, 'labwright.db'))
  const put = database.prepare('INSERT INTO document (kind, key, value) VALUES (?, ?, ?)')
  put.run('account', account, JSON.stringify({ name: account, kind: 'local' }))
  const login = { account, expiresAt: new Date(Date.now() + 3_600_000).toISOString() }
  put.run('login', createHash('sha256').update(value).digest('hex'), JSON.stringify(login))
  database.close()
  return `${world.page.cookie.split('=')[0]}=${value}`
}

const ask = (method: string, url: string, body?: object) => world.page.answer(method, url, body, { cookie })

test('mallory is somebody, with labs of her own', async () => {
  expect(JSON.parse((await ask('GET', '/api/me')).text)).toMatchObject({ name: 'mallory' })
  const labs = JSON.parse((await ask('GET', '/api/labs')).text) as { session?: string }[]
  expect(labs.map((lab) => lab.session)).toEqual([undefined])
})

test.each([
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/retry'],
  ['POST', '/finish'],
  ['POST', '/extend'],
  ['GET', '/steps/one'],
  ['POST', '/steps/one'],
  ['POST', '/tasks/mine/check'],
  ['POST', '/tasks/mine/hint'],
  ['POST', '/files', { step: 'one', file: 'f1' }],
  ['POST', '/ticket'],
  ['GET', '/assets/map.png'],
])('%s /api/sessions/ID%s of another is answered as one that does not exist', async (method, rest, body?: object) => {
  const theirs = await ask(method, `/api/sessions/${session}${rest}`, body)
  const nobodys = await ask(method, `/api/sessions/s0000000000000000${rest}`, body)
  expect([theirs.status, JSON.parse(theirs.text)]).toEqual([404, expect.objectContaining({ code: 'SESSION_UNKNOWN' })])
  expect(theirs.text).toBe(nobodys.text)
})

test('her own ticket opens no live connection to it', async () => {
  const { id } = JSON.parse((await ask('POST', '/api/sessions', { lab: 'tiny' })).text) as { id: string }
  expect(id).not.toBe(session)
  const { ticket } = JSON.parse((await ask('POST', `/api/sessions/${id}/ticket`)).text) as { ticket: string }
  const socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, { origin: world.page.url })
  const told: unknown[] = []
  socket.on('message', (data) => void told.push(data))
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', session, ticket, page: 'm', terminals: [] }))
  expect([CLOSE_NOT_ALLOWED, CLOSE_NO_SESSION]).toContain((await once(socket, 'close'))[0])
  expect(told).toEqual([])
})

test('the session goes on untouched', async () => {
  expect(await world.page.view(session)).toMatchObject({ state: 'ready', tasks: [{ hints: [], state: 'todo' }] })
})
