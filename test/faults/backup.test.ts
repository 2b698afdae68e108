import { cp, rename, rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitFor } from '../support/waiting.ts'
import { asLearner, makeNamespace } from './support/kubernetes.ts'
import { Browser, makeGround, Serve } from './support/serve.ts'

let ground: Awaited<ReturnType<typeof makeGround>>
let server: Serve
let browser: Browser
beforeEach(async () => {
  ground = await makeGround()
  server = new Serve(ground.args)
  browser = new Browser()
  await browser.open(await server.link())
})
afterEach(async () => {
  await server.stop('SIGKILL')
  await ground.remove()
})

test('a copy of the data folder, made while the server is stopped, is all that is needed to go on elsewhere', async () => {
  const session = await browser.start('tiny')
  await makeNamespace(ground.data, session, 'mine')
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
  await server.stop()
  const copy = `${ground.data}.copy`
  await cp(ground.data, copy, { recursive: true, filter: (file) => !file.endsWith('.sock') })
  // The machine is lost, with every process on it.
  for (const name of ['simulator-host', 'terminal-host']) process.kill(await ground.pidOf(name), 'SIGKILL')
  await rm(ground.data, { recursive: true })
  await rename(copy, ground.data)
  server = new Serve(ground.args)
  browser = new Browser()
  await browser.open(await server.link())
  await waitFor(async () => (await browser.view(session)).state === 'ready', 20_000)
  expect((await browser.view(session)).points).toEqual({ earned: 5, possible: 5 })
  expect((await asLearner(ground.data, session, 'GET', '/api/v1/namespaces/mine')).status).toBe(200)
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met' })
})
