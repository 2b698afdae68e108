import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitFor } from '../support/waiting.ts'
import { asLearner, makeNamespace } from './support/kubernetes.ts'
import { Browser, makeGround, Serve } from './support/serve.ts'

let ground: Awaited<ReturnType<typeof makeGround>>
let server: Serve
let browser: Browser
let session: string

beforeEach(async () => {
  ground = await makeGround()
  server = new Serve(ground.args)
  browser = new Browser()
  expect(await browser.open(await server.link())).toBe(204)
  session = await browser.start('tiny')
})
afterEach(async () => {
  await server.stop('SIGKILL')
  await ground.remove()
})

const state = async () => (await browser.view(session)).state
async function startAgain(): Promise<void> {
  server = new Serve(ground.args)
  browser.origin = (await server.link()).origin
}

test('kill -9 of the server in mid-lab: the login, the session, its points and its cluster are there again', async () => {
  await makeNamespace(ground.data, session, 'mine')
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
  await server.stop('SIGKILL')
  expect((await asLearner(ground.data, session, 'GET', '/api/v1/namespaces/mine')).status).toBe(200)
  await startAgain()
  // The cookie's name has the port in it; the port is another one here, so this browser logs in anew.
  await browser.open(new URL(server.output.trim()))
  await waitFor(async () => (await state()) === 'ready')
  expect((await browser.view(session)).points).toEqual({ earned: 5, possible: 5 })
  expect((await browser.labs())[0]).toMatchObject({ session })
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met' })
})

test('kill -9 of the simulator host in mid-lab: the session recovers, and what the learner made is there', async () => {
  await makeNamespace(ground.data, session, 'mine')
  await browser.check(session, 'mine')
  const before = await ground.processes()
  const host = await ground.pidOf('simulator-host')
  process.kill(host, 'SIGKILL')
  await waitFor(
    async () =>
      (await asLearner(ground.data, session, 'GET', '/api/v1/namespaces/mine').catch(() => ({ status: 0 }))).status ===
      200,
    20_000,
  )
  await waitFor(async () => (await state()) === 'ready', 20_000)
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
  expect(await ground.processes()).not.toEqual(before)
})

test('a change in the cluster becomes a verdict by itself, also after the simulator host was killed', async () => {
  const task = async () => (await browser.view(session)).tasks[0]!.state
  await browser.ask('POST', `/api/sessions/${session}/steps/one`)
  process.kill(await ground.pidOf('simulator-host'), 'SIGKILL')
  await waitFor(
    async () => (await makeNamespace(ground.data, session, 'mine').catch(() => ({ status: 0 }))).status === 201,
    20_000,
  )
  await waitFor(async () => (await task()) === 'met', 20_000)
})

test('SIGTERM ends the server at once and leaves shells and clusters of sessions alone', async () => {
  expect(await server.stop()).toBe(0)
  expect((await asLearner(ground.data, session, 'GET', '/api/v1/namespaces/given')).status).toBe(200)
})

test('SIGTERM without sessions leaves no process behind', async () => {
  await browser.ask('DELETE', `/api/sessions/${session}`)
  expect(await server.stop()).toBe(0)
  await waitFor(async () => (await ground.processes()).length === 0)
})
