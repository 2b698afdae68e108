import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServerMessage } from '../../protocol/live.ts'
import { LearnerShell } from '../support/learner-shell.ts'
import { LiveClient } from '../support/live-client.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'
import { makeNamespace } from './support/kubernetes.ts'

let world: World
let second: LiveClient
let session: string
let shell: LearnerShell
let welcome: ServerMessage & { type: 'welcome' }
const output = { text: '' }
beforeAll(async () => {
  world = await startWorld()
  ;({ session, shell } = await world.enter('tiny'))
  second = await LiveClient.login(await world.newLink())
  second.onOutput((bytes) => void (output.text += Buffer.from(bytes).toString()))
  welcome = await second.connect((await second.startSession('tiny')).id)
})
afterAll(async () => {
  second.close()
  await world[Symbol.asyncDispose]()
})

test('a second tab that starts the lab again is in the same session, with its terminals', () => {
  expect(welcome.view.id).toBe(session)
  expect(welcome.terminals).toEqual([{ number: shell.terminal, name: 'test' }])
})

test('what one tab types, both read: from the first byte, and nothing twice', async () => {
  second.type(shell.terminal, 'echo from-$((1 + 1))nd\r')
  await waitFor(() => shell.text.includes('from-2nd'))
  shell.type('echo from-$((0 + 1))st\r')
  await waitFor(() => shell.text.includes('from-1st') && output.text.endsWith(shell.text.slice(-20)))
  expect(output.text).toBe(shell.text)
})

test('a button pressed in both at once is one check, and both learn its verdict', async () => {
  await world.page.ask('POST', `/api/sessions/${session}/steps/one`)
  const before = await asked()
  const met = [world.page, second].map((page) =>
    page.next((message) => message.type === 'task' && message.task.state === 'met'),
  )
  await makeNamespace(world.ground.data, session, 'mine')
  await Promise.all([world.page.check(session, 'mine'), second.check(session, 'mine')])
  const tasks = (await Promise.all(met)) as (ServerMessage & { type: 'task' })[]
  expect(tasks.map(({ points }) => points.earned)).toEqual([5, 5])
  expect(await asked()).toBe(before + 1)
})

test('when one tab is closed, the other works on', async () => {
  second.close()
  expect(await shell.run('echo still here')).toEqual({ output: 'still here\n', exitCode: 0 })
})

/** Checks that learners asked for, in the record of the attempt. */
async function asked(): Promise<number> {
  const { default: Database } = await import('libsql')
  const database = new Database(`${world.ground.data}/labwright.db`, { readonly: true })
  try {
    const rows = database.prepare("SELECT count(*) AS count FROM event WHERE type = 'asked'").get()
    return (rows as { count: number }).count
  } finally {
    database.close()
  }
}
