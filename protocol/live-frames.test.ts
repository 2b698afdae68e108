import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame, frameHead, type TerminalFrame } from './live-frames.ts'
import { ACK, INPUT, OUTPUT } from './live.ts'

const bytes = new TextEncoder().encode('héllo')
test.each<TerminalFrame>([
  { opcode: OUTPUT, terminal: 7, offset: 2 ** 40, bytes },
  { opcode: INPUT, terminal: 4_294_967_295, sequence: 3, bytes },
  { opcode: ACK, terminal: 0, offset: 12 },
])('opcode $opcode there and back', (frame) => {
  expect(decodeFrame(encodeFrame(frame))).toEqual(frame)
})

test.each([
  ['nothing', []],
  ['an unknown opcode', [9, 0, 0, 0, 1]],
  ['a header cut short', [OUTPUT, 0, 0, 0, 1, 0]],
  ['an acknowledgement with a tail', [...encodeFrame({ opcode: ACK, terminal: 1, offset: 1 }), 0]],
  ['an offset beyond what a number holds', [ACK, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255]],
])('refuses %s', (_, raw) => {
  expect(decodeFrame(new Uint8Array(raw))).toBeUndefined()
})

test('a head says what a frame is without decoding it', () => {
  const frame = encodeFrame({ opcode: INPUT, terminal: 5, sequence: 1, bytes })
  expect(frameHead(frame)).toEqual({ opcode: INPUT, terminal: 5, payload: bytes.length })
})
