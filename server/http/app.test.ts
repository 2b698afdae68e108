import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SessionView } from '../../protocol/session.ts'
import { waitFor } from '../../test/support/waiting.ts'
import { Logins } from '../people/index.ts'
import { World } from '../sessions/testing.ts'
import { createApp } from './app.ts'
import { allowedHosts } from './guards.ts'

const HOST = '127.0.0.1:7700'
let world: World
let logins: Logins
let app: ReturnType<typeof createApp>
let cookie: string
let logged: string[]

beforeEach(async () => {
  world = await World.create()
  logins = new Logins({ store: world.store, clock: world.clock })
  logged = []
  const clientFolder = path.join(world.folder, 'client')
  await mkdir(path.join(clientFolder, 'assets'), { recursive: true })
  await writeFile(path.join(clientFolder, 'index.html'), '<!doctype html><title>Labwright</title>')
  await writeFile(path.join(clientFolder, 'assets', 'main-AbCd1234.js'), 'plain')
  await writeFile(path.join(clientFolder, 'assets', 'main-AbCd1234.js.br'), 'brotli')
  app = createApp({
    sessions: world.sessions,
    logins,
    clusters: 'kind',
    ticket: (session, account) => `ticket of ${account} for ${session}`,
    isAllowedHost: allowedHosts(['127.0.0.1'], 7700),
    port: 7700,
    clientFolder,
    log: (error, about) => void logged.push(`${about}: ${String(error)}`),
  })
  const login = await send('POST', '/api/login', { body: { code: logins.issueCode() }, cookie: '' })
  cookie = login.headers.get('set-cookie')!.split(';')[0]!
})
afterEach(() => world[Symbol.asyncDispose]())

async function send(
  method: string,
  url: string,
  options: { body?: unknown; headers?: Record<string, string>; cookie?: string } = {},
) {
  const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
  const headers = { host: HOST, cookie: options.cookie ?? cookie, ...options.headers }
  return app.request(`http://${HOST}${url}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
}
async function refusal(answer: Response | Promise<Response>) {
  const response = await answer
  return { status: response.status, ...((await response.json()) as { code: string; sentence: string }) }
}

describe('logging in', () => {
  test('sets a cookie that scripts cannot read and other sites cannot send', async () => {
    const { status, headers } = await send('POST', '/api/login', { body: { code: logins.issueCode() }, cookie: '' })
    expect(status).toBe(204)
    expect(headers.get('set-cookie')).toMatch(
      /^labwright-7700=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    )
  })

  test('a used code is a sentence', async () => {
    const code = logins.issueCode()
    await send('POST', '/api/login', { body: { code } })
    expect(await refusal(send('POST', '/api/login', { body: { code } }))).toMatchObject({
      status: 401,
      code: 'LOGIN_CODE_INVALID',
    })
  })

  test.each(['/api/me', '/api/labs', '/api/sessions/x', '/api/nothing'])('%s without it is a sentence', async (url) => {
    expect(await refusal(send('GET', url, { cookie: '' }))).toMatchObject({
      status: 401,
      code: 'LOGIN_NEEDED',
      sentence: expect.stringContaining('Open the link'),
    })
  })
})

test('a page learns who reads it, and what the clusters are', async () => {
  const answer = await send('GET', '/api/me')
  expect(await answer.json()).toEqual({ name: expect.any(String), kind: 'local', clusters: 'kind' })
  const { id } = (await (await send('POST', '/api/sessions', { body: { lab: 'tiny' } })).json()) as { id: string }
  expect(await (await send('GET', `/api/sessions/${id}`)).json()).toMatchObject({ clusters: 'simulated' })
})

describe('guards', () => {
  test.each(['evil.example', 'evil.example:7700', '127.0.0.1:80', ''])(
    'a request to the host %j is refused',
    async (host) => {
      expect(await refusal(send('GET', '/healthz', { headers: { host } }))).toMatchObject({
        status: 421,
        code: 'WRONG_HOST',
      })
    },
  )

  test.each(['127.0.0.1:7700', 'localhost:7700', '[::1]:7700', 'LOCALHOST:7700'])(
    'a request to %s is served',
    async (host) => {
      expect((await send('GET', '/healthz', { headers: { host } })).status).toBe(200)
    },
  )

  test.each<[string, Record<string, string>]>([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site (another port)', { 'sec-fetch-site': 'same-site' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['the origin "null"', { origin: 'null' }],
    ['another port of this host', { origin: 'http://127.0.0.1:8080' }],
  ])('what %s asks to change is refused', async (_, headers) => {
    const answer = await refusal(send('POST', '/api/sessions', { body: { lab: 'tiny' }, headers }))
    expect(answer).toMatchObject({ status: 403, code: 'FOREIGN_ORIGIN' })
    expect(await world.store.attempts({})).toEqual([])
  })

  test('our own page may', async () => {
    const headers = { origin: 'http://127.0.0.1:7700', 'sec-fetch-site': 'same-origin' }
    expect((await send('POST', '/api/sessions', { body: { lab: 'tiny' }, headers })).status).toBe(201)
  })

  test('every answer forbids foreign scripts, framing and referrers', async () => {
    for (const url of ['/', '/api/me', '/nothing.js']) {
      const { headers } = await send('GET', url)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';(?!.*unsafe).*frame-ancestors 'none'/)
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test.each<[string, unknown, number, string]>([
    ['that is no JSON', '{', 400, 'BODY_INVALID'],
    ['without what is needed', {}, 400, 'BODY_INVALID'],
    ['of the wrong type', { lab: 7 }, 400, 'BODY_INVALID'],
    ['that is too large', { lab: 'x'.repeat(70_000) }, 413, 'BODY_TOO_LARGE'],
  ])('a body %s is refused', async (_, body, status, code) => {
    expect(await refusal(send('POST', '/api/sessions', { body }))).toMatchObject({ status, code })
  })

  test('an error of ours shows a reference and no stack trace', async () => {
    world.store.attempts = () => Promise.reject(new Error('secret detail at /home/ada'))
    const answer = await refusal(send('GET', '/api/labs'))
    expect(answer).toMatchObject({ status: 500, code: 'INTERNAL' })
    expect(answer.sentence).not.toContain('secret')
    expect(logged[0]).toContain('secret detail')
    expect(answer.sentence).toContain(/reference (\w+)/.exec(logged[0]!)![1])
  })
})

describe('a session over HTTP', () => {
  let id: string
  beforeEach(async () => {
    id = ((await (await send('POST', '/api/sessions', { body: { lab: 'tiny' } })).json()) as { id: string }).id
    await waitFor(async () => (await view()).state === 'ready')
  })
  const view = async () => (await (await send('GET', `/api/sessions/${id}`)).json()) as SessionView

  test('its pages name commands, and only the HTML has their text', async () => {
    const page = await (await send('GET', `/api/sessions/${id}/steps/one`)).json()
    expect(page).toMatchObject({ id: 'one', index: 0, title: 'One', files: [] })
    expect(page).toHaveProperty('commands', [{ id: expect.any(String), action: 'exec', terminal: expect.any(String) }])
  })

  test('reading a page opens none: only turning to it does', async () => {
    const task = async () => (await view()).tasks[1]!.state
    await send('GET', `/api/sessions/${id}/steps/two`)
    expect(await task()).toBe('todo')
    expect((await send('POST', `/api/sessions/${id}/steps/two`)).status).toBe(204)
    expect(await task()).toBe('frozen')
    expect((await send('POST', `/api/sessions/${id}/steps/one`)).status).toBe(204)
    expect(await task()).toBe('todo')
    for (const method of ['GET', 'POST'] as const)
      expect(await refusal(send(method, `/api/sessions/${id}/steps/three`))).toMatchObject({ code: 'STEP_UNKNOWN' })
  })

  test('its checks, hints, ticket and end', async () => {
    expect((await send('POST', `/api/sessions/${id}/tasks/first/check`)).status).toBe(202)
    await waitFor(async () => (await view()).tasks[0]!.met)
    expect(await (await send('POST', `/api/sessions/${id}/tasks/first/hint`)).json()).toEqual({
      hints: ['free'],
      nextHintCost: 2,
    })
    expect(await (await send('POST', `/api/sessions/${id}/ticket`)).json()).toEqual({
      ticket: `ticket of local for ${id}`,
    })
    expect(await (await send('POST', `/api/sessions/${id}/extend`)).json()).toMatchObject({ id })
    expect(await (await send('POST', `/api/sessions/${id}/finish`)).json()).toMatchObject({
      state: 'finished',
      points: { earned: 5 },
    })
    expect((await send('DELETE', `/api/sessions/${id}`)).status).toBe(204)
    expect(await refusal(send('GET', `/api/sessions/${id}`))).toMatchObject({ status: 404, code: 'SESSION_UNKNOWN' })
  })

  test('its assets are files of its lab alone', async () => {
    const folder = world.sessions.find(id, 'local')!.lab.folder
    await mkdir(path.join(folder, 'assets'))
    await writeFile(path.join(folder, 'assets', 'mesh.svg'), '<svg/>')
    const asset = await send('GET', `/api/sessions/${id}/assets/mesh.svg`)
    expect([asset.status, asset.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
    expect(asset.headers.get('content-security-policy')).toContain('sandbox')
    for (const name of ['nothing.png', '..%2flab.yaml', '%2e%2e/lab.yaml', '..%2f..%2f..%2fetc%2fpasswd'])
      expect((await send('GET', `/api/sessions/${id}/assets/${name}`)).status).toBe(404)
  })
})

describe('pages', () => {
  test('files with a hash are kept for ever, compressed where the browser takes it', async () => {
    const file = '/assets/main-AbCd1234.js'
    const plain = await send('GET', file)
    expect([await plain.text(), plain.headers.get('cache-control')]).toEqual([
      'plain',
      'public, max-age=31536000, immutable',
    ])
    const small = await send('GET', file, { headers: { 'accept-encoding': 'gzip, br' } })
    expect([await small.text(), small.headers.get('content-encoding')]).toEqual(['brotli', 'br'])
  })

  test.each(['/', '/sessions/s1', '/index.html'])('%s is the page, asked for every time', async (url) => {
    const page = await send('GET', url, { cookie: '' })
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-cache'])
    expect(await page.text()).toContain('<title>Labwright</title>')
  })

  test.each(['/nothing.js', '/assets/x', '/.env', '/..%2f..%2fetc%2fpasswd', '/%00', '/%'])(
    '%s is not there',
    async (url) => {
      expect((await send('GET', url)).status).toBe(404)
    },
  )
})
