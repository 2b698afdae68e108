import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeFrame } from '../../../protocol/live-frames.ts'
import { INPUT, OUTPUT } from '../../../protocol/live.ts'
import { TerminalHostConnection } from '../terminal-host/index.ts'
import { HOST_PROTOCOL_VERSION } from '../terminal-host/messages.ts'
import { AGENT_SOCKET } from '../terminal-host/shared-folder.ts'
import { Door } from './door.ts'

/** What a learner could put in the place of the terminal host: it has its own session's terminals, and nothing else. */
let folder: string
let connection: TerminalHostConnection
let callers: Socket[]
let outdated: number
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hostile-'))
  callers = []
  outdated = 0
  const door = new Door('s1', { absent: () => undefined, outdated: () => (outdated += 1) })
  connection = new TerminalHostConnection(door)
  door.open(folder)
})
afterEach(async () => {
  connection[Symbol.dispose]()
  for (const caller of callers) caller.destroy()
  await rm(folder, { recursive: true })
})

const shell = { command: 'true', arguments: [], folder: '/', environment: {} }
const terminal = (number: number, session = 's1') => ({ number, session, name: `bash ${number}`, runs: [] })
const welcome = (terminals: object[] = [terminal(1)], version = HOST_PROTOCOL_VERSION) => ({
  type: 'welcome',
  version,
  pid: 1,
  terminals,
})

/** Frames as the wire has them. */
function packed(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length)
  head.writeUInt8(kind, 4)
  return Buffer.concat([head, body])
}
const json = (message: unknown) => packed(0, Buffer.from(JSON.stringify(message)))
function output(viewer: number, terminal: number, opcode: typeof OUTPUT | typeof INPUT = OUTPUT): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(viewer)
  const bytes = Buffer.from('hi')
  const frame = opcode === OUTPUT ? { opcode, terminal, offset: 0, bytes } : { opcode, terminal, sequence: 1, bytes }
  return packed(1, Buffer.concat([number, encodeFrame(frame)]))
}

/** Calls as soon as the door is open. */
function call(): Promise<Socket> {
  void connection.ready().catch(() => undefined)
  return vi.waitFor(
    () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect(path.join(folder, AGENT_SOCKET))
        socket.once('error', reject)
        socket.once('connect', () => {
          callers.push(socket)
          socket.on('error', () => undefined)
          socket.resume()
          resolve(socket)
        })
      }),
    { timeout: 10_000, interval: 20 },
  )
}
async function callAndSay(...said: Buffer[]): Promise<Socket> {
  const socket = await call()
  for (const bytes of said) socket.write(bytes)
  return socket
}
const sentAway = (socket: Socket) => vi.waitFor(() => expect(socket.readyState).toBe('closed'), 8000)
const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 })

test('the door can be opened by others in the container, and is shut while somebody is in', async () => {
  void connection.ready()
  await until(() => expect(callers).toEqual([]))
  await vi.waitFor(async () => expect((await stat(path.join(folder, AGENT_SOCKET))).mode & 0o777).toBe(0o666), 5000)
  await callAndSay(json(welcome()))
  await connection.ready()
  await expect(stat(path.join(folder, AGENT_SOCKET))).rejects.toThrow('ENOENT')
})

test.each([
  ['what is no JSON', packed(0, Buffer.from('{'))],
  ['a message of no type', json({ type: 'sudo' })],
  ['a number that is none', json({ type: 'closed', terminal: -1 })],
  ['a name without an end', json({ type: 'terminal', terminal: { ...terminal(1), name: 'x'.repeat(10_000) } })],
  ['a frame of 100 MiB', Buffer.from([6, 64, 0, 0, 0])],
  ['a frame of another kind', packed(7, Buffer.alloc(20))],
  ['a frame without a head', packed(1, Buffer.alloc(2))],
  [
    'more terminals than it may have',
    Buffer.concat(Array.from({ length: 40 }, (_, number) => json({ type: 'terminal', terminal: terminal(number) }))),
  ],
])('one that sends %s is sent away, and the next may call', async (_, bytes) => {
  const socket = await callAndSay(json(welcome()), bytes)
  await sentAway(socket)
  await callAndSay(json(welcome([terminal(5)])))
  await until(() => expect(connection.list('s1').map(({ number }) => number)).toEqual([5]))
})

test('one that comes with more terminals than it may have leaves nothing behind, and is not taken for the host', async () => {
  let isReady = false
  void connection.ready().then(() => (isReady = true))
  const many = welcome(Array.from({ length: 40 }, (_, number) => terminal(number)))
  await sentAway(await callAndSay(json(many)))
  expect([connection.list('s1'), isReady]).toEqual([[], false])
  await callAndSay(json(welcome([terminal(5)])))
  await until(() => expect(isReady).toBe(true))
  expect(connection.list('s1').map(({ number }) => number)).toEqual([5])
})

test('one that has not said who it is goes when the session ends', async () => {
  const socket = await call()
  const greeted = new Promise((resolve) => socket.once('data', resolve))
  await greeted
  connection[Symbol.dispose]()
  // Well before it would be sent away for its silence.
  await vi.waitFor(() => expect(socket.readyState).toBe('closed'), 2000)
  expect(connection.list('s1')).toEqual([])
})

test('one that says nothing is sent away', async () => {
  const socket = await call()
  await vi.waitFor(() => expect(socket.readyState).toBe('closed'), 10_000)
}, 15_000)

test('one of another version is said to be that', async () => {
  const socket = await callAndSay(json(welcome([], 1)))
  await sentAway(socket)
  expect(outdated).toBe(1)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const ready = connection.ready()
    const refused = expect(ready).rejects.toMatchObject({
      code: 'TERMINALS_SILENT',
      message: expect.stringContaining('is of another version of Labwright'),
    })
    await vi.advanceTimersByTimeAsync(21_000)
    await refused
  } finally {
    vi.useRealTimers()
  }
})

test('pages are told of the terminals of one that calls again', async () => {
  const told: [number[], boolean][] = []
  connection.watch('s1', {
    terminals: (list, lost) => told.push([list.map(({ number }) => number), lost]),
    run: () => {},
  })
  const socket = await callAndSay(json(welcome()))
  await until(() => expect(told).toEqual([[[1], false]]))
  socket.destroy()
  await callAndSay(json(welcome([terminal(1), terminal(2)])))
  await until(() =>
    expect(told.slice(1)).toEqual([
      [[], true],
      [[1, 2], false],
    ]),
  )
})

test('whatever it says of another session is said of its own', async () => {
  await callAndSay(json(welcome([terminal(1, 's2')])), json({ type: 'terminal', terminal: terminal(2, 's3') }))
  await until(() => expect(connection.list('s1')).toHaveLength(2))
  expect([...connection.list('s2'), ...connection.list('s3')]).toEqual([])
})

test('a page gets the output of terminals that it has, and nothing that a page would say', async () => {
  const frames: Uint8Array[] = []
  const socket = await callAndSay(json(welcome()))
  await connection.ready()
  const viewer = connection.viewer('p', { frame: (frame) => frames.push(frame), replay: () => {}, typed: () => {} })
  socket.write(Buffer.concat([output(1, 99), output(1, 1, INPUT), output(7, 1), output(1, 1)]))
  await until(() => expect(frames).toHaveLength(1))
  expect(frames[0]![0]).toBe(OUTPUT)
  viewer[Symbol.dispose]()
})

test('an answer to another question is none', async () => {
  const socket = await callAndSay(json(welcome()))
  await connection.ready()
  const opening = connection.open('s1', 'bash', shell, 80, 24)
  socket.write(json({ type: 'ran', request: 1, exitCode: 0, output: '', timedOut: false }))
  socket.write(json({ type: 'opened', request: 9, terminal: terminal(9) }))
  socket.write(json({ type: 'opened', request: 1, terminal: terminal(3, 's9') }))
  expect(await opening).toMatchObject({ number: 3, session: 's1' })
})

test('a flood is read no faster than terminals need', async () => {
  let heard = 0
  const socket = await callAndSay(json(welcome()))
  await connection.ready()
  const viewer = connection.viewer('p', { frame: () => {}, replay: () => {}, typed: () => (heard += 1) })
  const begin = performance.now()
  const typed = json({ type: 'typed', viewer: 1, terminal: 1, sequence: 1 })
  socket.write(Buffer.concat(Array.from({ length: 100_000 }, () => typed)))
  await until(() => expect(heard).toBeGreaterThan(0))
  await new Promise((resolve) => setTimeout(resolve, 500))
  // 4096 messages a second, and what one reading brings at once.
  expect(heard).toBeLessThan(((performance.now() - begin) / 1000) * 4096 + 3000)
  viewer[Symbol.dispose]()
})

test('one that reads nothing of what it is sent is sent away', async () => {
  const socket = await callAndSay(json(welcome()))
  await connection.ready()
  socket.pause()
  const lost = new Promise<boolean>((resolve) => {
    connection.watch('s1', { terminals: (_, isLost) => resolve(isLost), run: () => {} })
  })
  for (let count = 0; count < 20; count += 1) connection.run(1, 'k', 'x'.repeat(1 << 20), false)
  expect(await lost).toBe(true)
})
