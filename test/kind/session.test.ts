import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TerminalView } from '../../protocol/live.ts'
import type { SessionView } from '../../protocol/session.ts'
import { startLabwright, type RunningLabwright } from '../support/labwright.ts'
import { LiveClient } from '../support/live-client.ts'
import { waitFor } from '../support/waiting.ts'
import { makeWorkspaceImage } from './support/workspace-image.ts'
import { KindWorld, LONG_MILLISECONDS } from './support/world.ts'

/** `labwright serve --provider kind` from the start link to nothing left. */
const LAB = 'service-mesh'
const arguments_ = ['--provider', 'kind', '--spares', `${LAB}=0`]
let world: KindWorld
let server: RunningLabwright
let learner: LiveClient
let session: string
let terminal: number
let text = ''

beforeAll(async () => {
  await makeWorkspaceImage()
  world = await KindWorld.create()
  await start()
})
afterAll(async () => {
  await server?.stop()
  await world.remove()
  await rm(world.folder, { recursive: true, force: true })
})

async function start(): Promise<void> {
  server = await startLabwright({ dataFolder: world.folder, arguments: arguments_ })
  learner = await LiveClient.login(server.link)
  learner.onOutput((bytes) => (text += Buffer.from(bytes).toString()))
}

/** Types a line, and waits until the terminal shows what is wanted after it. */
async function type(line: string, wanted: RegExp): Promise<void> {
  text = ''
  learner.type(terminal, `${line}\r`)
  await waitFor(() => wanted.test(text), 30_000)
}

const stateOf = async (task: string) => (await learner.view(session)).tasks.find(({ id }) => id === task)?.state

test(
  'a session has a cluster, and a shell in a container',
  async () => {
    const view = await learner.startSession(LAB)
    session = view.id
    expect(view.sandboxed).toBe(true)
    for (const { id, milliseconds } of view.phases) console.log(`${id}: ${milliseconds} ms`)
    await learner.connect(session)
    const opened = learner.next((message) => message.type === 'terminals' && message.terminals.length > 0)
    learner.send({ type: 'open', name: 'bash 1', columns: 120, rows: 30 })
    const message = await opened
    terminal = message.type === 'terminals' ? message.terminals[0]!.number : 0
    await waitFor(() => text.includes('learner@lab'), 20_000)
    await type('kubectl get nodes', /control-plane +Ready/)
    await type('id -u', /10100/)
  },
  LONG_MILLISECONDS,
)

test('the terminal shows when a command of the lesson ended', async () => {
  const { commands } = await learner.ask<{ commands: { id: string }[] }>(
    'GET',
    `/api/sessions/${session}/steps/your-cluster`,
  )
  const done = learner.next((message) => message.type === 'command' && message.command.state === 'done')
  learner.send({ type: 'run', step: 'your-cluster', command: commands[0]!.id, columns: 120, rows: 30 })
  expect(await done).toMatchObject({ command: { exitCode: 0 } })
})

test('what the learner does meets a task by itself', async () => {
  expect(await stateOf('first-look')).not.toBe('met')
  await type('kubectl create namespace playground', /namespace\/playground created/)
  await waitFor(async () => (await stateOf('first-look')) === 'met', 30_000)
})

test(
  'the shell goes on while the server is started again',
  async () => {
    await type('secret=$((6 * 7))', /learner@lab/)
    learner.close()
    await server.stop()
    await start()
    // As a page that was open: it comes back before the host of the terminals does.
    const there = (list: TerminalView[]) => list.some(({ number, name }) => number === terminal && name === 'bash 1')
    const told = learner.next((message) => message.type === 'terminals' && there(message.terminals), LONG_MILLISECONDS)
    told.catch(() => undefined)
    const { terminals } = await learner.connect(session)
    if (!there(terminals)) await told
    await waitFor(async () => (await learner.view(session)).state === 'ready', LONG_MILLISECONDS)
    await type('echo "<$secret>"', /<42>/)
    expect(await stateOf('first-look')).toBe('met')
  },
  LONG_MILLISECONDS,
)

test(
  'a reset leads the cluster back, and leaves files and shells',
  async () => {
    await type('echo mine >~/mine; echo wrote-$((1 + 1))', /wrote-2/)
    await learner.ask('POST', `/api/sessions/${session}/reset`)
    await waitFor(async () => (await learner.view(session)).state === 'ready', LONG_MILLISECONDS)
    await waitFor(async () => {
      text = ''
      learner.type(terminal, 'kubectl get namespaces; cat ~/mine; echo "<$secret>"\r')
      await waitFor(() => text.includes('<42>'), 30_000)
      return text.includes('kube-system') && text.includes('mine') && !text.includes('playground')
    }, LONG_MILLISECONDS)
  },
  LONG_MILLISECONDS,
)

test('the end of a session leaves nothing in the engine', async () => {
  await learner.ask<SessionView>('POST', `/api/sessions/${session}/finish`)
  await type('echo still-$((1 + 1))', /still-2/)
  const begin = performance.now()
  await learner.ask('DELETE', `/api/sessions/${session}`)
  await waitFor(async () => (await world.left()).length === 0, 30_000)
  console.log(`gone in ${Math.round(performance.now() - begin)} ms`)
})
