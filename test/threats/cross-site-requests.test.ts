import { afterAll, beforeAll, expect, test } from 'vitest'
import { rawRequest } from '../support/raw-request.ts'
import { startWorld, type World } from '../support/world.ts'

/** Threat 11: another site's page asks with the learner's cookie, as a browser would send it if SameSite did not hold it back. */
let world: World
let session: string
beforeAll(async () => {
  world = await startWorld()
  session = (await world.page.startSession('tiny')).id
})
afterAll(() => world[Symbol.asyncDispose]())

const mutations = (): [string, string, string?][] => [
  ['POST', '/api/sessions', '{"lab":"tiny"}'],
  ['POST', '/api/login', '{"code":"x"}'],
  ['DELETE', `/api/sessions/${session}`],
  ['POST', `/api/sessions/${session}/finish`],
  ['POST', `/api/sessions/${session}/tasks/mine/check`],
  ['POST', `/api/sessions/${session}/tasks/mine/hint`],
  ['POST', `/api/sessions/${session}/ticket`],
]

test.each<[string, Record<string, string>]>([
  ['a form of another site', { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }],
  ['a form of a page without an origin', { origin: 'null', 'content-type': 'multipart/form-data; boundary=x' }],
  ['JSON as text/plain', { origin: 'https://evil.example', 'content-type': 'text/plain' }],
  ['a no-cors fetch', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ['a page of another port of this host', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }],
])('%s changes nothing', async (_, headers) => {
  for (const [method, url, body] of mutations()) {
    const answer = await rawRequest(world.page, url, { method, headers, ...(body === undefined ? {} : { body }) })
    expect([method, url, answer.status]).toEqual([method, url, 403])
    expect(answer.body).toContain('FOREIGN_ORIGIN')
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  }
})

test('nothing changes by reading', async () => {
  for (const [, url] of mutations())
    for (const method of ['GET', 'HEAD'])
      await rawRequest(world.page, url, { method, headers: { 'sec-fetch-site': 'cross-site' } })
  expect(await world.page.view(session)).toMatchObject({ state: 'ready', tasks: [{ state: 'todo', hints: [] }] })
})

test('a preflight gets no permission', async () => {
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  const { headers: answered } = await rawRequest(world.page, '/api/sessions', { method: 'OPTIONS', headers })
  expect(Object.keys(answered).filter((name) => name.startsWith('access-control'))).toEqual([])
})

test('the cookie is one that browsers keep from other sites and from scripts', async () => {
  const code = new URL(await world.newLink()).hash.slice('#code='.length)
  const { headers } = await rawRequest(world.page, '/api/login', { method: 'POST', body: JSON.stringify({ code }) })
  expect(headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict$/)
})
