import { ACK, INPUT, OUTPUT } from './live.ts'

/** The binary frames of protocol/live.ts, between bytes and values. Both ends use these and nothing else. */
export type TerminalFrame =
  | { opcode: typeof OUTPUT; terminal: number; offset: number; bytes: Uint8Array }
  | { opcode: typeof INPUT; terminal: number; sequence: number; bytes: Uint8Array }
  | { opcode: typeof ACK; terminal: number; offset: number }

const INPUT_HEADER_BYTES = 9
const OFFSET_HEADER_BYTES = 13
/** Above this in the upper half of an offset no number is exact. */
const MAX_OFFSET_HIGH = 2 ** 21 - 1

const headerBytes = (opcode: number): number => (opcode === INPUT ? INPUT_HEADER_BYTES : OFFSET_HEADER_BYTES)

export function encodeFrame(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  const header = headerBytes(frame.opcode)
  const bytes = new Uint8Array(header + ('bytes' in frame ? frame.bytes.length : 0))
  bytes[0] = frame.opcode
  writeUint32(bytes, 1, frame.terminal)
  if (frame.opcode === INPUT) writeUint32(bytes, 5, frame.sequence)
  else {
    writeUint32(bytes, 5, Math.floor(frame.offset / 2 ** 32))
    writeUint32(bytes, 9, frame.offset)
  }
  if ('bytes' in frame) bytes.set(frame.bytes, header)
  return bytes
}

/**
 * What whoever passes a frame on must know of it. Every frame that has a head can be decoded; undefined when the bytes are none.
 * `payload` is the number of bytes behind the header.
 */
export function frameHead(
  bytes: Uint8Array,
): { opcode: TerminalFrame['opcode']; terminal: number; payload: number } | undefined {
  const opcode = bytes[0]
  if (opcode !== OUTPUT && opcode !== INPUT && opcode !== ACK) return undefined
  const payload = bytes.length - headerBytes(opcode)
  if (payload < 0 || (opcode === ACK && payload > 0)) return undefined
  if (opcode !== INPUT && uint32(bytes, 5) > MAX_OFFSET_HIGH) return undefined
  return { opcode, terminal: uint32(bytes, 1), payload }
}

/** Undefined when the bytes are no frame. The payload shares memory with `bytes`. */
export function decodeFrame(bytes: Uint8Array): TerminalFrame | undefined {
  const head = frameHead(bytes)
  if (head === undefined) return undefined
  const { opcode, terminal } = head
  if (opcode === INPUT)
    return { opcode, terminal, sequence: uint32(bytes, 5), bytes: bytes.subarray(INPUT_HEADER_BYTES) }
  const offset = uint32(bytes, 5) * 2 ** 32 + uint32(bytes, 9)
  return opcode === ACK
    ? { opcode, terminal, offset }
    : { opcode, terminal, offset, bytes: bytes.subarray(OFFSET_HEADER_BYTES) }
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** The lower 32 bits of a number. */
function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
