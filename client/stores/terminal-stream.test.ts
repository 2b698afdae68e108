import { beforeEach, expect, test } from 'vitest'
import { decodeFrame, type TerminalFrame } from '../../protocol/live-frames.ts'
import { ACK, ACK_EVERY_BYTES, INPUT, MAX_INPUT_BYTES, OUTPUT } from '../../protocol/live.ts'
import { TerminalStream } from './terminal-stream.ts'
import { HandClock } from './testing.ts'

let clock: HandClock
let sent: TerminalFrame[]
let stream: TerminalStream
const bytes = (text: string) => new TextEncoder().encode(text)
const output = (offset: number, text: string) =>
  stream.output({ opcode: OUTPUT, terminal: 1, offset, bytes: bytes(text) })

/** An xterm that parses when told to. */
function screen() {
  const pending: (() => void)[] = []
  const state = { text: '', resets: 0, parse: () => pending.splice(0).forEach((done) => done()) }
  stream.show({
    write(chunk, parsed) {
      state.text += new TextDecoder().decode(chunk)
      pending.push(parsed)
    },
    reset() {
      state.text = ''
      state.resets++
    },
  })
  return state
}

beforeEach(() => {
  clock = new HandClock()
  sent = []
  stream = new TerminalStream(1, (frame) => sent.push(decodeFrame(frame)!) > 0, clock)
})

test('output that comes before xterm is loaded is shown when it is', () => {
  output(0, 'hello ')
  output(6, 'there')
  expect(screen().text).toBe('hello there')
})

test('what was parsed is acknowledged soon, and much of it at once', async () => {
  const xterm = screen()
  output(0, 'hello')
  await clock.advance(1000)
  expect(sent).toEqual([])
  xterm.parse()
  await clock.advance(50)
  expect(sent).toEqual([{ opcode: ACK, terminal: 1, offset: 5 }])
  output(5, 'x'.repeat(ACK_EVERY_BYTES))
  xterm.parse()
  expect(sent.at(-1)).toEqual({ opcode: ACK, terminal: 1, offset: 5 + ACK_EVERY_BYTES })
})

test('output that is known already is not shown twice', () => {
  const xterm = screen()
  output(0, 'hello')
  output(0, 'hello')
  output(3, 'lo there')
  expect(xterm.text).toBe('hello there')
  expect(stream.received).toBe(11)
})

test('a replay from elsewhere starts the screen anew, and nothing is typed until it was parsed', () => {
  const xterm = screen()
  output(0, 'old')
  stream.replay(100, 103)
  output(100, 'new')
  stream.type(bytes('a'))
  expect([xterm.text, xterm.resets, sent]).toEqual(['new', 1, []])
  xterm.parse()
  expect(sent).toMatchObject([{ opcode: INPUT, sequence: 1, bytes: bytes('a') }])
})

test.each([
  ['where the cursor is', '\u001B[24;80R', false],
  ['what it is', '\u001B[?1;2c', false],
  ['which version it is', '\u001B[>0;276;0c', false],
  ['that all is well', '\u001B[0n', false],
  ['whether a mode is set', '\u001B[?2004;1$y', false],
  ['its colour', '\u001B]11;rgb:0000/0000/0000\u001B\\', false],
  ['its cursor style', '\u001BP1$r2 q\u001B\\', false],
  ['an arrow', '\u001B[A', true],
  ['Alt and a letter', '\u001BP', true],
  ['a paste', '\u001B[200~ls\u001B[201~', true],
])('during a replay xterm answers old questions for nobody, and keys are kept: %s', (_, text, isKept) => {
  const xterm = screen()
  stream.replay(100, 103)
  output(100, 'new')
  stream.type(bytes(text))
  xterm.parse()
  expect(sent).toHaveLength(isKept ? 1 : 0)
})

test('a replay that goes on where the page was keeps the screen', () => {
  const xterm = screen()
  output(0, 'abc')
  xterm.parse()
  stream.replay(3, 6)
  output(3, 'def')
  expect([xterm.text, xterm.resets]).toEqual(['abcdef', 0])
})

test('input that was not acknowledged goes again under its old number', () => {
  stream.type(bytes('a'))
  stream.type(bytes('b'))
  stream.typed(1)
  sent = []
  stream.resend()
  expect(sent.filter(({ opcode }) => opcode === INPUT)).toMatchObject([{ sequence: 2, bytes: bytes('b') }])
})

test('a large paste goes in several frames', () => {
  stream.type(new Uint8Array(MAX_INPUT_BYTES + 1))
  expect(sent.map((frame) => 'bytes' in frame && frame.bytes.length)).toEqual([MAX_INPUT_BYTES, 1])
})

test('no more is under way than the host lets wait', () => {
  stream.type(new Uint8Array(6 * MAX_INPUT_BYTES))
  const numbers = () => sent.map((frame) => 'sequence' in frame && frame.sequence)
  expect(numbers()).toEqual([1, 2, 3, 4])
  stream.typed(2)
  expect(numbers()).toEqual([1, 2, 3, 4, 5, 6])
})

test('what is not confirmed goes again, after longer and longer pauses', async () => {
  stream.type(bytes('a'))
  stream.type(bytes('b'))
  await clock.advance(500)
  expect(sent).toMatchObject([{ sequence: 1 }, { sequence: 2 }, { sequence: 1 }, { sequence: 2 }])
  stream.typed(2)
  await clock.advance(60_000)
  expect(sent).toHaveLength(4)
  stream.type(bytes('c'))
  await clock.advance(60_000)
  expect(sent.length).toBeGreaterThan(10)
  expect(sent.length).toBeLessThan(25)
})
