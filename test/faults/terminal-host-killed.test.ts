import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServerMessage } from '../../protocol/live.ts'
import { LearnerShell } from '../support/learner-shell.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'
import { commandOf } from './support/serve.ts'

let world: World
let session: string
let shell: LearnerShell
beforeAll(async () => {
  world = await startWorld()
  ;({ session, shell } = await world.enter('tiny'))
})
afterAll(() => world[Symbol.asyncDispose]())

test('kill -9 of the terminal host in mid-lab: the page is told, and files, points and cluster are there', async () => {
  await shell.run('echo kept >notes; kubectl create namespace mine')
  expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met' })
  shell.type('sleep 1000\r')
  const lost = world.page.next((message) => message.type === 'terminals' && message.lost === true)
  const before = await host()
  process.kill(before, 'SIGKILL')
  expect(((await lost) as ServerMessage & { type: 'terminals' }).terminals).toEqual([])
  await waitFor(async () => !(await commands()).some((line) => line.includes('sleep') || line.includes('bashrc')))

  const again = await LearnerShell.open(world.page, world.home(session))
  expect(await again.run('cat notes; kubectl get namespace mine -o name')).toEqual({
    output: 'kept\nnamespace/mine\n',
    exitCode: 0,
  })
  expect(await host()).not.toBe(before)
  expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
})

const commands = async () => Promise.all((await world.ground.processes()).map((pid) => commandOf(pid)))
const host = () => world.ground.pidOf('terminal-host')
