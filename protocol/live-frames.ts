import { ACK, INPUT, OUTPUT } from './live.ts'

/** The binary frames of protocol/live.ts, between bytes and values. Both ends use these and nothing else. */
export type TerminalFrame =
  | { opcode: typeof OUTPUT; terminal: number; offset: number; bytes: Uint8Array }
  | { opcode: typeof INPUT; terminal: number; sequence: number; bytes: Uint8Array }
  | { opcode: typeof ACK; terminal: number; offset: number }

const HEADER_BYTES = { [OUTPUT]: 13, [INPUT]: 9, [ACK]: 13 }

export function encodeFrame(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  const header = HEADER_BYTES[frame.opcode]
  const bytes = new Uint8Array(header + ('bytes' in frame ? frame.bytes.length : 0))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, frame.opcode)
  view.setUint32(1, frame.terminal)
  if (frame.opcode === INPUT) view.setUint32(5, frame.sequence)
  else view.setBigUint64(5, BigInt(frame.offset))
  if ('bytes' in frame) bytes.set(frame.bytes, header)
  return bytes
}

/** Undefined when the bytes are no frame. The payload shares memory with `bytes`. */
export function decodeFrame(bytes: Uint8Array): TerminalFrame | undefined {
  const opcode = bytes[0]
  if (opcode !== OUTPUT && opcode !== INPUT && opcode !== ACK) return undefined
  const header = HEADER_BYTES[opcode]
  if (bytes.length < header || (opcode === ACK && bytes.length > header)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const terminal = view.getUint32(1)
  if (opcode === INPUT) return { opcode, terminal, sequence: view.getUint32(5), bytes: bytes.subarray(header) }
  const offset = Number(view.getBigUint64(5))
  if (!Number.isSafeInteger(offset)) return undefined
  return opcode === ACK ? { opcode, terminal, offset } : { opcode, terminal, offset, bytes: bytes.subarray(header) }
}
