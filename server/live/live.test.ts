import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { decodeFrame, encodeFrame } from '../../protocol/live-frames.ts'
import {
  ACK,
  CLOSE_BAD_FRAME,
  CLOSE_NO_SESSION,
  CLOSE_NOT_ALLOWED,
  INPUT,
  OUTPUT,
  type ServerMessage,
} from '../../protocol/live.ts'
import type { SessionEvent, SessionView } from '../../protocol/session.ts'
import { ManualClock, systemClock } from '../../protocol/clock.ts'
import { TerminalHost } from '../workspaces/terminal-host/host.ts'
import { localHost, sharedTerminals, TerminalHostConnection } from '../workspaces/terminal-host/index.ts'
import { socketPath } from '../sockets/index.ts'
import type { LiveSession } from './contract.ts'
import { createLive, type Live } from './live.ts'

const ORIGIN = 'http://127.0.0.1:7700'
let folder: string
let host: TerminalHost
let terminals: TerminalHostConnection
let clock: ManualClock
let live: Live
let http: Server
let sessions: Map<string, LiveSession>
let logged: unknown[]
let tell: (event: SessionEvent) => void
const sockets: WebSocket[] = []

const commands: Record<string, { text: string; action: 'exec' | 'copy' }> = {
  c1: { text: 'echo from-the-lab', action: 'exec' },
  c2: { text: 'echo never', action: 'copy' },
}

function session(id: string): LiveSession {
  return {
    id,
    view: () => ({ id }) as SessionView,
    command: (step, command) => {
      const found = step === 'one' ? commands[command] : undefined
      return found && { id: command, terminal: 'bash 1', ...found }
    },
    watch: (listener) => {
      tell = listener
      return { [Symbol.dispose]: () => {} }
    },
    shell: () => ({
      command: 'env',
      // What opens the terminal is a bash that asks nothing, and such a bash forgets PS1.
      arguments: ['PS1=\\[\\e]133;B\\a\\]$ ', 'bash', '--norc', '--noprofile', '-i'],
      folder,
      environment: { PATH: process.env['PATH'] ?? '', PS0: '\\e]133;C\\a', TERM: 'xterm' },
    }),
  }
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'live-'))
  host = new TerminalHost(systemClock, { idle: () => {}, stop: () => {} })
  await host.listen(socketPath(folder, 'terminals'))
  terminals = new TerminalHostConnection(localHost({ dataFolder: folder, program: '/nowhere.js' }))
  await terminals.ready()
  clock = new ManualClock()
  logged = []
  sessions = new Map([
    ['s1', session('s1')],
    ['s2', session('s2')],
  ])
  live = createLive({
    sessions: { find: (id, person) => (person === 'ann' ? sessions.get(id) : undefined) },
    terminals: sharedTerminals(terminals),
    allowedOrigin: (origin) => origin === ORIGIN,
    clock,
    log: (error) => void logged.push(error),
  })
  http = createServer().on('upgrade', (request, socket, head) => live.upgrade(request, socket, head))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  live.close()
  http.close()
  terminals[Symbol.dispose]()
  host.close()
  await rm(folder, { recursive: true, force: true })
})

/** A page: what it was told, and the text of its terminals. */
function open(headers: Record<string, string> = { Origin: ORIGIN }) {
  const { port } = http.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers })
  sockets.push(socket)
  const page = { socket, told: [] as ServerMessage[], text: '', closed: undefined as number | undefined, status: 0 }
  socket.on('message', (data: Buffer, binary: boolean) => {
    if (!binary) return page.told.push(JSON.parse(data.toString()) as ServerMessage)
    const frame = decodeFrame(data)
    if (frame?.opcode !== OUTPUT) return undefined
    page.text += Buffer.from(frame.bytes).toString()
    socket.send(encodeFrame({ opcode: ACK, terminal: frame.terminal, offset: frame.offset + frame.bytes.length }))
    return undefined
  })
  socket.on('close', (code) => (page.closed = code))
  socket.on('error', () => {})
  socket.on('unexpected-response', (_, response) => (page.status = response.statusCode ?? 0))
  return page
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 })

async function enter(id = 's1', ticket = live.ticket(id, 'ann')) {
  const page = open()
  await new Promise((resolve) => page.socket.once('open', resolve))
  page.socket.send(JSON.stringify({ type: 'hello', session: id, ticket, page: 'p1' }))
  return page
}

async function welcome(id = 's1') {
  const page = await enter(id)
  await until(() => expect(page.told[0]?.type).toBe('welcome'))
  return { ...page, say: (message: object) => page.socket.send(JSON.stringify(message)), page }
}

async function withTerminal() {
  const entered = await welcome()
  entered.say({ type: 'open', name: 'bash 1', columns: 80, rows: 24 })
  await until(() => expect(entered.page.text).toContain('$ '))
  return { ...entered, number: terminals.list('s1')[0]?.number ?? 0 }
}

test.each([
  ['without an origin', {}],
  ['of another site', { Origin: 'https://evil.example' }],
])('a page %s is refused', async (_, headers) => {
  const page = open(headers)
  await until(() => expect(page.status).toBe(403))
})

test('a ticket opens one connection', async () => {
  const ticket = live.ticket('s1', 'ann')
  const first = await enter('s1', ticket)
  await until(() => expect(first.told[0]?.type).toBe('welcome'))
  const second = await enter('s1', ticket)
  await until(() => expect(second.closed).toBe(CLOSE_NOT_ALLOWED))
})

test("a ticket for somebody else's session opens nothing", async () => {
  const page = await enter('s1', live.ticket('s1', 'bob'))
  await until(() => expect(page.closed).toBe(CLOSE_NO_SESSION))
})

test('whoever says nothing is shown out', async () => {
  const page = open()
  await new Promise((resolve) => page.socket.once('open', resolve))
  await clock.advance(10_000)
  await until(() => expect(page.closed).toBe(CLOSE_NOT_ALLOWED))
})

test.each([
  ['no JSON', 'hello'],
  ['an unknown type', '{"type":"sudo"}'],
  ['a size that no terminal has', '{"type":"open","name":"a","columns":1000000,"rows":1}'],
  ['text instead of a command id', '{"type":"run","step":"one","command":"c1","text":"rm -rf ~"}'],
  ['a broken binary frame', Buffer.from([9, 9])],
])('%s ends the connection with a code', async (_, data) => {
  const { page } = await welcome()
  page.socket.send(data)
  await until(() => expect(page.closed).toBe(CLOSE_BAD_FRAME))
})

test('a command is looked up in the lab, its terminal opened, its result told', async () => {
  const { say, page } = await welcome()
  say({ type: 'run', step: 'one', command: 'c1' })
  await until(() => expect(page.text).toMatch(/echo from-the-lab\r\n[^]*from-the-lab\r\n/))
  expect(page.told).toContainEqual({ type: 'command', command: { step: 'one', command: 'c1', state: 'running' } })
  expect(terminals.list('s1').map(({ name }) => name)).toEqual(['bash 1'])
})

test.each([
  ['unknown', 'c9'],
  ['only to be copied', 'c2'],
])('a command that is %s is not run', async (_, command) => {
  const { say, page } = await welcome()
  say({ type: 'run', step: 'one', command })
  await until(() => expect(page.told.at(-1)).toMatchObject({ type: 'problem', code: 'COMMAND_UNKNOWN' }))
  expect(terminals.list('s1')).toEqual([])
})

test('what nobody foresaw is told to the page and kept in the log', async () => {
  const { say, page } = await welcome()
  const fault = new Error('unforeseen')
  sessions.get('s1')!.shell = () => {
    throw fault
  }
  say({ type: 'open', name: 'bash 1', columns: 80, rows: 24 })
  await until(() => expect(page.told.at(-1)).toMatchObject({ type: 'problem', code: 'INTERNAL' }))
  expect(logged).toEqual([fault])
})

test('two pages see the same terminal, and what one types the other reads', async () => {
  const { number, page } = await withTerminal()
  const other = await welcome()
  await until(() => expect(other.page.text).toContain('$ '))
  page.socket.send(encodeFrame({ opcode: INPUT, terminal: number, sequence: 1, bytes: Buffer.from('echo $((6*7))\r') }))
  await until(() => expect(other.page.text).toContain('42\r\n'))
  await until(() => expect(page.told).toContainEqual({ type: 'typed', terminal: number, sequence: 1 }))
})

test('a page of another session can neither type, close nor see', async () => {
  const { number, page } = await withTerminal()
  const other = await welcome('s2')
  other.page.socket.send(encodeFrame({ opcode: INPUT, terminal: number, sequence: 1, bytes: Buffer.from('exit\r') }))
  other.say({ type: 'close', terminal: number })
  other.say({ type: 'ping' })
  await until(() => expect(other.page.told.at(-1)).toEqual({ type: 'pong' }))
  page.socket.send(encodeFrame({ opcode: INPUT, terminal: number, sequence: 1, bytes: Buffer.from('echo alive\r') }))
  await until(() => expect(page.text).toContain('alive\r\n'))
  expect(other.page.text).toBe('')
})

test('a session that ends takes its pages along at their next word', async () => {
  const { say, page } = await welcome()
  sessions.delete('s1')
  say({ type: 'ping' })
  await until(() => expect(page.closed).toBe(CLOSE_NO_SESSION))
})

test('events of the session pass through', async () => {
  const { page } = await welcome()
  tell({ type: 'view', view: { id: 's1', state: 'finished' } as SessionView })
  await until(() => expect(page.told.at(-1)).toMatchObject({ type: 'view', view: { state: 'finished' } }))
})

test('a page that does not answer keeps nobody from closing', async () => {
  const { page } = await welcome()
  page.socket.pause()
  const connections = () => new Promise((resolve) => http.getConnections((_, count) => resolve(count)))
  live.close()
  expect(await connections()).toBe(1)
  await clock.advance(1000)
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 8000, interval: 5 })
})
