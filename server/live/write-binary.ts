import type { Duplex } from 'node:stream'

const FINAL_BINARY = 0x82
const SHORT_BYTES = 125
const MEDIUM_BYTES = 0xffff

/**
 * Writes a binary message of a server (RFC 6455, section 5.2: one final frame, not masked) as one buffer. ws itself writes header and
 * payload as two, which is a good part of what the web process adds to a key's echo. Nothing of ws's may be under way on that socket:
 * without compression and streams it never is.
 */
export function writeBinary(socket: Duplex, payload: Uint8Array): void {
  const { length } = payload
  const header = length <= SHORT_BYTES ? 2 : length <= MEDIUM_BYTES ? 4 : 10
  const buffer = Buffer.allocUnsafe(header + length)
  buffer[0] = FINAL_BINARY
  if (header === 2) buffer[1] = length
  else if (header === 4) {
    buffer[1] = 126
    buffer.writeUInt16BE(length, 2)
  } else {
    buffer[1] = 127
    buffer.writeBigUInt64BE(BigInt(length), 2)
  }
  buffer.set(payload, header)
  socket.write(buffer)
}
