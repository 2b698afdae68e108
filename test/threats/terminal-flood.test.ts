import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { decodeFrame, encodeFrame } from '../../protocol/live-frames.ts'
import { ACK, INPUT, OUTPUT, WINDOW_HIGH_BYTES, type ServerMessage } from '../../protocol/live.ts'
import { LearnerShell } from '../support/learner-shell.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'

/** Threat 5: a flood of output, and a page that does not read it. */
const GROWTH_MEBIBYTES = 40
let world: World
let session: string
let shell: LearnerShell
beforeAll(async () => {
  world = await startWorld()
  ;({ session, shell } = await world.enter('tiny'))
  // Once before it is measured: the first flood compiles code and fills the replay buffer.
  await flood(8_000_000)
})
afterAll(() => world[Symbol.asyncDispose]())

/** Prints so many bytes, which the page reads and acknowledges. */
async function flood(bytes: number): Promise<void> {
  const end = `end-of-${bytes}`
  shell.text = ''
  shell.type(`head -c ${bytes} /dev/zero | tr '\\0' x; echo end-of-$((${bytes}))\r`)
  await waitFor(() => {
    shell.text = shell.text.slice(-2000)
    return shell.text.includes(`${end}\r\n`)
  }, 20_000)
}

const memory = async (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
const processes = async () => [world.server.child.pid!, await world.ground.pidOf('terminal-host')]
const memories = async () => Promise.all((await processes()).map((pid) => memory(pid)))
async function expectBounded(before: number[]): Promise<void> {
  for (const [index, now] of (await memories()).entries()) expect(now - before[index]!).toBeLessThan(GROWTH_MEBIBYTES)
}

test('a flood that a page reads passes through and stays nowhere', async () => {
  const before = await memories()
  await flood(40_000_000)
  await expectBounded(before)
})

test('a page that drives and does not read stops the flood at its window; Ctrl-C works, and others are not kept waiting', async () => {
  const { ticket } = await world.page.ask<{ ticket: string }>('POST', `/api/sessions/${session}/ticket`)
  const socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, { origin: world.page.url })
  const stalled = { end: new Map<number, number>(), text: '', told: [] as ServerMessage[] }
  socket.on('message', (data: Buffer, binary) => {
    if (!binary) stalled.told.push(JSON.parse(data.toString()) as ServerMessage)
    const frame = binary ? decodeFrame(data) : undefined
    if (frame?.opcode !== OUTPUT) return
    stalled.end.set(frame.terminal, frame.offset + frame.bytes.length)
    stalled.text = (stalled.text + Buffer.from(frame.bytes).toString()).slice(-2000)
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', session, ticket, page: 'stalled', terminals: [] }))
  socket.send(JSON.stringify({ type: 'open', name: 'flooded', columns: 80, rows: 24 }))
  const find = () =>
    stalled.told
      .flatMap((message) => (message.type === 'terminals' ? message.terminals : []))
      .find(({ name }) => name === 'flooded')?.number
  await waitFor(() => find() !== undefined)
  const terminal = find()!
  const received = () => stalled.end.get(terminal) ?? 0
  const before = await memories()
  socket.send(encodeFrame({ opcode: INPUT, terminal, sequence: 1, bytes: Buffer.from('yes\r') }))
  await waitFor(() => received() >= WINDOW_HIGH_BYTES)
  // The other page's terminal answers while this one is full, and the flood does not go on behind its back.
  expect((await shell.run('echo quick')).output).toBe('quick\n')
  expect(received()).toBeLessThan(2 * WINDOW_HIGH_BYTES)
  await expectBounded(before)
  // The interrupt reaches the program though its output is held; what is left of that comes when the page reads again.
  socket.send(encodeFrame({ opcode: INPUT, terminal, sequence: 2, bytes: Buffer.from('\u0003') }))
  await waitFor(() => {
    socket.send(encodeFrame({ opcode: ACK, terminal, offset: received() }))
    return /\^C[^]*learner@lab/.test(stalled.text)
  })
  socket.terminate()
})
