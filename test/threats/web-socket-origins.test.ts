import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ManualClock } from '../../protocol/clock.ts'
import { CLOSE_NOT_ALLOWED } from '../../protocol/live.ts'
import { Tickets } from '../../server/live/tickets.ts'
import { startWorld, type World } from '../support/world.ts'

/** Threat 10: another site's page opens the live connection with the learner's cookie. */
let world: World
let session: string
beforeAll(async () => {
  world = await startWorld()
  session = (await world.page.startSession('tiny')).id
})
afterAll(() => world[Symbol.asyncDispose]())

/** 101 when it opens, else the status of the refusal. */
async function upgrade(headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, {
    headers: { cookie: world.page.cookie, ...headers },
  })
  return new Promise((resolve) => {
    socket.on('open', () => (socket.terminate(), resolve(101)))
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode!)
      request.destroy()
    })
    socket.on('error', () => undefined)
  })
}

test('its own page may', async () => {
  expect(await upgrade({ origin: world.page.url })).toBe(101)
})

test.each<[string, (url: string) => string | undefined]>([
  ['none', () => undefined],
  ['an empty one', () => ''],
  ['null', () => 'null'],
  ['another site', () => 'https://evil.example'],
  ['a suffix that looks like ours', (url) => `${url}.evil.example`],
  ['a name that begins like ours', () => 'http://127.0.0.1.evil.example'],
  ['ours as a user name', (url) => `${url}@evil.example`],
  ['ours with a path', (url) => `${url}/`],
  ['another port', () => 'http://127.0.0.1:1'],
  ['a longer port', (url) => `${url}0`],
  ['no port', () => 'http://127.0.0.1'],
  ['another scheme', (url) => url.replace('http', 'https')],
  ['the scheme in capitals', (url) => url.replace('http', 'HTTP')],
  ['two of them', (url) => `${url}, https://evil.example`],
])('an origin of %s is refused', async (_, origin) => {
  const value = origin(world.page.url)
  expect(await upgrade(value === undefined ? {} : { origin: value })).toBe(403)
})

test('a host that is not ours is refused, whatever its origin', async () => {
  expect(await upgrade({ origin: world.page.url, host: 'evil.example' })).toBe(421)
})

test('a ticket is good once', async () => {
  const { ticket } = await world.page.ask<{ ticket: string }>('POST', `/api/sessions/${session}/ticket`)
  const hello = JSON.stringify({ type: 'hello', session, ticket, page: 'p', terminals: [] })
  const open = async () => {
    const socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, { origin: world.page.url })
    await once(socket, 'open')
    socket.send(hello)
    return socket
  }
  const first = await open()
  expect(JSON.parse(String((await once(first, 'message'))[0]))).toMatchObject({ type: 'welcome' })
  expect((await once(await open(), 'close'))[0]).toBe(CLOSE_NOT_ALLOWED)
  first.terminate()
})

test('and for half a minute', async () => {
  const clock = new ManualClock()
  const tickets = new Tickets(clock)
  const [early, late] = [tickets.issue('s', 'ada'), tickets.issue('s', 'ada')]
  await clock.advance(29_000)
  expect(tickets.redeem(early, 's')).toBe('ada')
  await clock.advance(2000)
  expect(tickets.redeem(late, 's')).toBeUndefined()
})
