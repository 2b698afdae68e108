import { createHash } from 'node:crypto'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandOf } from '../faults/support/serve.ts'
import { makeNamespace } from '../faults/support/kubernetes.ts'
import { startWorld, type World } from '../support/world.ts'

/** Threat 12: secrets in addresses and logs. A whole run of a lab first, with refusals and an error in it; then everything that was written is read. */
let world: World
let session: string
const secrets: Record<string, string> = {}

beforeAll(async () => {
  world = await startWorld()
  const { page, ground } = world
  secrets['start code'] = new URL(world.server.output.trim()).hash.slice('#code='.length)
  secrets['login cookie'] = page.cookie.split('=')[1]!
  const entered = await world.enter('tiny')
  session = entered.session
  secrets['ticket'] = (await page.ask<{ ticket: string }>('POST', `/api/sessions/${session}/ticket`)).ticket
  secrets["learner's token"] = JSON.parse(await readFile(path.join(world.home(session), '.kube/config'), 'utf8'))
    .users[0].user.token as string
  secrets["downloads' secret"] = await readFile(path.join(ground.data, 'workspaces', `${session}.secret`), 'utf8')
  const cluster = (await readdir(path.join(ground.data, 'clusters'), { withFileTypes: true })).filter((one) =>
    one.isDirectory(),
  )
  for (const { name } of cluster) {
    const text = await readFile(path.join(ground.data, 'clusters', name, 'cluster.json'), 'utf8')
    secrets[`grader's token of ${name}`] = (
      JSON.parse(text) as { credentials: { tokens: { grader: string } } }
    ).credentials.tokens.grader
  }

  await makeNamespace(ground.data, session, 'mine')
  await page.ask('GET', `/api/sessions/${session}/steps/one`)
  await page.check(session, 'mine')
  await page.answer('POST', '/api/login', { code: secrets['start code'] })
  await page.answer('GET', `/nothing/${'x'.repeat(50)}`)
  await page.answer('POST', '/api/sessions', '{')
  process.kill(await ground.pidOf('simulator-host'), 'SIGKILL')
  await entered.shell.run('until kubectl get namespaces; do :; done')
  await page.ask('POST', `/api/sessions/${session}/finish`)
})
afterAll(() => world[Symbol.asyncDispose]())

function expectNone(where: string, text: string): void {
  for (const [name, secret] of Object.entries(secrets))
    expect(text.includes(secret), `${name} stands in ${where}`).toBe(false)
}

test('the secrets of the run are real ones', () => {
  expect(Object.values(secrets).length).toBeGreaterThanOrEqual(6)
  for (const secret of Object.values(secrets)) expect(secret).toMatch(/^[\w.-]{20,}$/)
})

test('no log holds one', async () => {
  // Not the workspaces: they are the learner's own, and come and go while a shell runs.
  const rooms = (await readdir(world.ground.data, { withFileTypes: true })).filter(({ name }) => name !== 'workspaces')
  const inside = await Promise.all(
    rooms
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => readdir(path.join(parentPath, name), { withFileTypes: true })),
  )
  const logs = [...rooms, ...inside.flat()].filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
  expect(logs.map(({ name }) => name)).toEqual(expect.arrayContaining(['server.log', 'host.log', 'terminal-host.log']))
  for (const { parentPath, name } of logs) expectNone(name, await readFile(path.join(parentPath, name), 'utf8'))
  expectNone('standard error', world.server.errors)
  expectNone('standard output', world.server.output.replace(secrets['start code']!, ''))
})

test('the database holds hashes of logins, and no login', async () => {
  const files = (await readdir(world.ground.data)).filter((name) => name.startsWith('labwright.db'))
  const bytes = (await Promise.all(files.map((name) => readFile(path.join(world.ground.data, name))))).join('')
  expectNone('the database', bytes)
  expect(bytes).toContain(createHash('sha256').update(secrets['login cookie']!).digest('hex'))
})

test('no command line holds one, for every user of the machine may read those', async () => {
  const pids = [world.server.child.pid!, ...(await world.ground.processes())]
  for (const pid of pids) expectNone(`the command line of ${await readlink(`/proc/${pid}/exe`)}`, await commandOf(pid))
})

test('no address holds one: the code stands behind the #, which browsers do not send, and is used up', async () => {
  expect(new URL(world.server.output.trim()).search).toBe('')
  const { text } = await world.page.answer('GET', '/')
  expectNone('the page', text)
  expectNone('a view', JSON.stringify(await world.page.view(session)))
  expect((await world.page.answer('POST', '/api/login', { code: secrets['start code'] })).status).toBe(401)
})

test('the data folder is for this user only', async () => {
  expect((await stat(world.ground.data)).mode & 0o077).toBe(0)
})
