import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CLOSE_NOT_ALLOWED } from '../../protocol/live.ts'
import { startWorld, type World } from '../support/world.ts'
import { LiveClient } from '../support/live-client.ts'

let world: World
let session: string
beforeAll(async () => {
  world = await startWorld()
  session = (await world.page.startSession('tiny')).id
})
afterAll(() => world[Symbol.asyncDispose]())

test.each([
  ['GET', '/api/me'],
  ['GET', '/api/labs'],
  ['POST', '/api/sessions'],
  ['GET', '/api/sessions/SESSION'],
  ['DELETE', '/api/sessions/SESSION'],
  ['POST', '/api/sessions/SESSION/ticket'],
  ['POST', '/api/sessions/SESSION/tasks/mine/check'],
])('a browser without the code is told how to get in by %s %s', async (method, path) => {
  for (const cookie of ['', 'labwright-0=guess', `${world.page.cookie}x`]) {
    const { status, text } = await world.page.answer(method, path.replace('SESSION', session), undefined, { cookie })
    expect([status, JSON.parse(text)]).toEqual([
      401,
      { code: 'LOGIN_NEEDED', sentence: expect.stringContaining('Open the link that "labwright serve" printed') },
    ])
  }
})

test('it gets the page, which says so, and none of its contents', async () => {
  const { status, text } = await world.page.answer('GET', '/', undefined, { cookie: '' })
  expect([status, text]).toEqual([200, expect.stringContaining('<title>')])
  expect(text).not.toContain(session)
})

test('a wrong code and a used one are refused with a sentence', async () => {
  const link = await world.newLink()
  await LiveClient.login(link)
  for (const again of [link, link.replace(/.$/, '-')])
    await expect(LiveClient.login(again)).rejects.toThrow(/401 .*LOGIN_CODE_INVALID.*Run \\"labwright serve\\" again/)
})

test('its live connection is shown out before it saw anything', async () => {
  const socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, { origin: world.page.url })
  const seen: unknown[] = []
  socket.on('message', (data) => void seen.push(data))
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', session, ticket: 'guessed', page: 'p', terminals: [] }))
  expect((await once(socket, 'close'))[0]).toBe(CLOSE_NOT_ALLOWED)
  expect(seen).toEqual([])
})

test('the lab of the one who is logged in goes on', async () => {
  expect((await world.page.view(session)).state).toBe('ready')
})
