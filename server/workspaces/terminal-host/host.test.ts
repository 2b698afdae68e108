import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeFrame, encodeFrame } from '../../../protocol/live-frames.ts'
import { ACK, INPUT, OUTPUT, WINDOW_HIGH_BYTES } from '../../../protocol/live.ts'
import { systemClock } from '../../../protocol/clock.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { TerminalHostConnection, type Viewer } from './connection.ts'
import { TerminalHost } from './host.ts'
import { socketPath } from '../../sockets/index.ts'
import { localHost } from './start.ts'

let folder: string
let host: TerminalHost
let connection: TerminalHostConnection

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'terminals-'))
  host = new TerminalHost(systemClock, { idle: () => {}, stop: () => {} })
  await host.listen(socketPath(folder, 'terminals'))
  connection = new TerminalHostConnection(localHost({ dataFolder: folder, program: '/nowhere.js' }))
  await connection.ready()
})

afterEach(async () => {
  connection[Symbol.dispose]()
  host.close()
  await rm(folder, { recursive: true, force: true })
})

const script = (text: string): ShellSpec => ({
  command: 'bash',
  arguments: ['--norc', '-c', text],
  folder: '/',
  environment: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color' },
})

/** A page that parses at once, unless told to stall. */
function page(name: string, stalled = false) {
  const chunks: Uint8Array[] = []
  const replays: [number, number][] = []
  const typed: number[] = []
  let next = 0
  const viewer: Viewer = connection.viewer(name, {
    frame: (encoded) => {
      const frame = decodeFrame(encoded)
      if (frame?.opcode !== OUTPUT) return
      expect(frame.offset).toBe(next)
      next = frame.offset + frame.bytes.length
      chunks.push(Uint8Array.from(frame.bytes))
      if (!stalled) viewer.frame(encodeFrame({ opcode: ACK, terminal: frame.terminal, offset: next }))
    },
    replay: (_, offset, end) => {
      replays.push([offset, end])
      next = offset
    },
    typed: (_, sequence) => typed.push(sequence),
  })
  return {
    viewer,
    replays,
    typed,
    attach(terminal: number, offset = 0) {
      next = offset
      viewer.attach(terminal, offset)
    },
    bytes: () => next,
    text: () => Buffer.concat(chunks).toString(),
    type: (terminal: number, sequence: number, text: string) =>
      viewer.frame(encodeFrame({ opcode: INPUT, terminal, sequence, bytes: Buffer.from(text) })),
    ack: (terminal: number, offset: number) => viewer.frame(encodeFrame({ opcode: ACK, terminal, offset })),
  }
}

const exitOf = (number: number) =>
  vi.waitFor(() => {
    const code = connection.list('s').find((terminal) => terminal.number === number)?.exitCode
    expect(code).toBeDefined()
    return code
  }, 10_000)

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

test('a program that prints much and ends loses nothing of its tail, and its exit code is its own', async () => {
  const wanted = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\r\n`).join('')
  for (let round = 0; round < 8; round++) {
    const terminal = await connection.open('s', 'bash', script('seq 1 20000; exit 7'), 80, 24)
    const eye = page(`round-${round}`)
    eye.attach(terminal.number)
    expect(await exitOf(terminal.number)).toBe(7)
    await until(() => expect(eye.bytes()).toBe(wanted.length))
    expect(eye.text() === wanted).toBe(true)
    eye.viewer[Symbol.dispose]()
    connection.close(terminal.number)
  }
})

test('a signal counts as 128 and its number', async () => {
  const terminal = await connection.open('s', 'bash', script('kill -TERM $$; sleep 5'), 80, 24)
  expect(await exitOf(terminal.number)).toBe(143)
})

test('a page that does not parse stops a flood at the window, and the flood goes on when it does', async () => {
  const terminal = await connection.open('s', 'bash', script('read -r; head -c 3000000 /dev/zero | tr "\\0" x'), 80, 24)
  const slow = page('slow', true)
  slow.attach(terminal.number)
  slow.type(terminal.number, 1, '\r')
  await until(() => expect(slow.bytes()).toBe(WINDOW_HIGH_BYTES))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(slow.bytes()).toBe(WINDOW_HIGH_BYTES)
  const acknowledging = setInterval(() => slow.ack(terminal.number, slow.bytes()), 5)
  expect(await exitOf(terminal.number)).toBe(0)
  await until(() => expect(slow.bytes()).toBe(3_000_002))
  clearInterval(acknowledging)
})

test('a stalled onlooker does not stop the page that types, and starts anew when it is too far behind', async () => {
  const terminal = await connection.open('s', 'bash', script('read -r; head -c 4000000 /dev/zero | tr "\\0" x'), 80, 24)
  const onlooker = page('onlooker', true)
  onlooker.attach(terminal.number)
  const driver = page('driver')
  driver.attach(terminal.number)
  driver.type(terminal.number, 1, '\r')
  await until(() => expect(driver.bytes()).toBe(4_000_002))
  expect(onlooker.bytes()).toBe(WINDOW_HIGH_BYTES)
  onlooker.ack(terminal.number, onlooker.bytes())
  await until(() => expect(onlooker.replays.length).toBe(2))
  expect(onlooker.replays[1]).toEqual([4_000_002 - 1024 * 1024, 4_000_002])
})

test('a page that comes back gets what it has not seen', async () => {
  const terminal = await connection.open('s', 'bash', script('printf one; read -r; printf two; read -r'), 80, 24)
  const first = page('p')
  first.attach(terminal.number)
  await until(() => expect(first.text()).toBe('one'))
  first.viewer[Symbol.dispose]()
  const second = page('p')
  second.attach(terminal.number, 3)
  second.type(terminal.number, 1, '\r')
  await until(() => expect(second.text()).toBe('\r\ntwo'))
  expect(second.replays).toEqual([[3, 3]])
})

test('input that is sent again is not typed again', async () => {
  const terminal = await connection.open('s', 'bash', script('stty -echo; echo ready; read -r a; echo "<$a>"'), 80, 24)
  const first = page('p')
  first.attach(terminal.number)
  await until(() => expect(first.text()).toContain('ready'))
  first.type(terminal.number, 1, 'a')
  first.type(terminal.number, 1, 'a')
  await until(() => expect(first.typed).toEqual([1]))
  first.viewer[Symbol.dispose]()
  const again = page('p')
  again.attach(terminal.number)
  again.type(terminal.number, 1, 'a')
  again.type(terminal.number, 2, 'b\r')
  await until(() => expect(again.text()).toContain('<ab>'))
})

test('input is taken in its order: what comes after a hole has to come again', async () => {
  const terminal = await connection.open('s', 'bash', script('stty -echo; echo ready; read -r a; echo "<$a>"'), 80, 24)
  const eye = page('p')
  eye.attach(terminal.number)
  await until(() => expect(eye.text()).toContain('ready'))
  eye.type(terminal.number, 1, 'a')
  eye.type(terminal.number, 3, 'c\r')
  await until(() => expect(eye.typed).toEqual([1]))
  eye.type(terminal.number, 2, 'b')
  eye.type(terminal.number, 3, 'c\r')
  await until(() => expect(eye.text()).toContain('<abc>'))
  await until(() => expect(eye.typed.at(-1)).toBe(3))
})

test('closing a terminal ends what runs in it', async () => {
  const terminal = await connection.open('s', 'bash', script('echo $$; sleep 1000'), 80, 24)
  const eye = page('p')
  eye.attach(terminal.number)
  await until(() => expect(eye.text()).toMatch(/^\d+\r\n/))
  const pid = Number(eye.text())
  connection.close(terminal.number)
  await until(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))
  expect(connection.list('s')).toEqual([])
})

test('another server finds the terminals, and a size is set once', async () => {
  const terminal = await connection.open(
    's',
    'bash',
    script('trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done'),
    80,
    24,
  )
  const other = new TerminalHostConnection(localHost({ dataFolder: folder, program: '/nowhere.js' }))
  await other.ready()
  expect(other.list('s')).toEqual([terminal])
  const eye = page('p')
  eye.attach(terminal.number)
  await until(() => expect(eye.text()).toBe('ready\r\n'))
  for (const columns of [100, 100]) eye.viewer.resize(terminal.number, columns, 30)
  await until(() => expect(eye.text()).toBe('ready\r\n30 100\r\n'))
  other[Symbol.dispose]()
})

test('a shell holds its own terminal alone: no other one, and not the far side of its own', async () => {
  await connection.open('s', 'neighbour', script('sleep 60'), 80, 24)
  const { number } = await connection.open('s', 'looks', script('readlink /proc/$$/fd/*'), 80, 24)
  const eye = page('p')
  eye.attach(number)
  await exitOf(number)
  const held = eye.text().trim().split(/\s+/)
  expect(held).toHaveLength(3)
  expect(new Set(held)).toEqual(new Set([expect.stringMatching(/^\/dev\/pts\/\d+$/)]))
})
