import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeFrame, encodeFrame } from '../../protocol/live-frames.ts'
import { ACK, INPUT, OUTPUT } from '../../protocol/live.ts'
import type { WorkspaceProvider } from '../../server/workspaces/provider.ts'
import { HOST_PROTOCOL_VERSION } from '../../server/workspaces/terminal-host/messages.ts'
import type { TerminalHosts } from '../../server/workspaces/terminal-host/index.ts'
import { waitFor } from '../support/waiting.ts'
import { ToolboxWorld } from './support/toolboxes.ts'
import { makeWorkspaceImage } from './support/workspace-image.ts'
import { docker } from './support/world.ts'

/** One session does its worst in its container; what a key of the other one takes to come back is measured meanwhile. */
let world: ToolboxWorld
let workspaces: WorkspaceProvider
let terminals: TerminalHosts
beforeAll(async () => {
  await makeWorkspaceImage()
  world = await ToolboxWorld.create({})
  await open()
})
afterAll(async () => {
  await close()
  await world.remove()
})

async function open(): Promise<void> {
  ;({ workspaces, terminals } = await world.open())
  await make('other')
}
async function close(): Promise<void> {
  await terminals.close(false)
  await workspaces.close()
}
const make = (id: string) => workspaces.create({ id, kubeconfig: '', mirrors: [] })

const KEYS = 100
const PAUSE_MILLISECONDS = 40
/** Of nineteen keys in twenty, beside what the machine's other work takes of them anyway. */
const ECHO_MILLISECONDS = 50

/** Types keys into a terminal of the neighbour, and says how long each took to come back, shortest first. */
async function echo(): Promise<number[]> {
  const other = terminals.of('other')
  const shell = { ...workspaces.shell('other'), command: 'cat', arguments: [] }
  const { number: terminal } = await other.open('echo', shell, 80, 24)
  let came = () => {}
  const viewer = other.viewer(`page-${Math.random()}`, {
    frame: (bytes) => {
      const frame = decodeFrame(bytes)
      if (frame?.opcode !== OUTPUT) return
      viewer.frame(encodeFrame({ opcode: ACK, terminal, offset: frame.offset + frame.bytes.length }))
      came()
    },
    replay: () => undefined,
    typed: () => undefined,
  })
  viewer.attach(terminal, 0)
  const times: number[] = []
  for (let sequence = 1; sequence <= KEYS; sequence += 1) {
    const begin = performance.now()
    const back = new Promise<void>((resolve) => (came = resolve))
    viewer.frame(encodeFrame({ opcode: INPUT, terminal, sequence, bytes: Buffer.from('x') }))
    await back
    times.push(performance.now() - begin)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS))
  }
  viewer[Symbol.dispose]()
  other.close(terminal)
  return times.sort((one, two) => one - two)
}

const at = (times: readonly number[], share: number) => times[Math.floor(KEYS * share)]!
const inWords = (times: readonly number[]) =>
  `half of the keys in ${at(times, 0.5).toFixed(1)} ms, 95% in ${at(times, 0.95).toFixed(1)}, 99% in ${at(times, 0.99).toFixed(1)}`

async function expectEcho(beside: string, begin: () => unknown): Promise<void> {
  const quiet = await echo()
  begin()
  const times = await echo()
  console.log(`${beside}: ${inWords(times)}; before: ${inWords(quiet)}`)
  expect(at(times, 0.95)).toBeLessThan(ECHO_MILLISECONDS + 2 * at(quiet, 0.95))
}

test.each([
  ['a fork bomb', ':(){ :|:& };:; sleep 6'],
  ['a memory hog', 'node -e "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))"; sleep 4'],
  ['a flood of output', 'for i in 1 2 3 4; do yes & done; sleep 6'],
  ['one who fills /tmp and the home', 'head -c 1G /dev/zero >/tmp/x; head -c 1G /dev/zero >~/x; sleep 3; rm ~/x'],
])('%s leaves the neighbour’s keys alone', async (name, script) => {
  await make('mine')
  let worst: Promise<unknown> | undefined
  await expectEcho(name, () => (worst = workspaces.run('mine', script, { timeoutMilliseconds: 7000 })))
  await worst
})

/** Calls the server whenever its door is open, says that it is the terminal host, and floods it. */
const IMPOSTOR = `
const { connect } = require('node:net')
const pack = (message) => { const body = Buffer.from(JSON.stringify(message)), head = Buffer.alloc(5); head.writeUInt32BE(body.length); return Buffer.concat([head, body]) }
const terminal = { number: 1, session: 'other', name: 'evil', runs: [] }
const flood = Buffer.concat(Array.from({ length: 2000 }, () => pack({ type: 'terminal', terminal })))
const call = () => {
  const socket = connect('/run/labwright/agent.sock')
  socket.on('error', () => undefined).on('close', () => setTimeout(call, 5))
  socket.on('connect', () => {
    socket.write(pack({ type: 'welcome', version: ${HOST_PROTOCOL_VERSION}, pid: 1, terminals: [terminal] }))
    const more = () => { while (socket.write(flood)); socket.once('drain', more) }
    more()
  })
}
for (let count = 0; count < 20; count += 1) call()`

test('a program in the place of the terminal host costs its own session its terminals, and nothing else', async () => {
  await make('mine')
  const { environment } = workspaces.shell('mine')
  const start = `agent=$(pgrep -o -x node); node -e "$IMPOSTOR" >/dev/null 2>&1 & sleep 0.5; kill -STOP $agent; sleep 600`
  const shell = { ...workspaces.shell('mine'), environment: { ...environment, IMPOSTOR } }
  await terminals.of('mine').open('evil', { ...shell, command: 'bash', arguments: ['-c', start] }, 80, 24)
  await waitFor(
    async () => (await docker('exec', world.container('mine'), 'ps', 'ax', '-o', 'stat,args')).includes('Tl'),
    10_000,
  )
  await close()
  await open()
  await expectEcho('an impostor', () => void make('mine').catch(() => undefined))
  expect(terminals.of('mine').list()).toMatchObject([{ name: 'evil', session: 'mine' }])
  expect(
    terminals
      .of('other')
      .list()
      .map(({ name }) => name),
  ).not.toContain('evil')
  await docker('restart', '--time', '0', world.container('mine'))
  await waitFor(async () => {
    const { output } = await workspaces
      .run('mine', 'echo back', { timeoutMilliseconds: 5000 })
      .catch(() => ({ output: '' }))
    return output === 'back\n'
  }, 60_000)
})
