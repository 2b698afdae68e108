import type { Duplex } from 'node:stream'
import { HeaderReader, HeaderWriter } from './spdy-headers.ts'

/** The server's side of a SPDY/3.1 connection as Kubernetes' clients use it: they open streams, nobody uses flow control. */

const types = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8 }
const FLAG_FIN = 1
/** Data of this length goes into one frame. */
const MAX_FRAME_BYTES = 32 * 1024

export interface SpdyStream {
  id: number
  headers: ReadonlyMap<string, string>
  write(bytes: Uint8Array): void
  /** Says that no more bytes follow from this side. */
  end(): void
  reset(): void
  onData: (bytes: Uint8Array) => void
  onEnd: () => void
}

export class SpdyConnection {
  readonly #send: (bytes: Buffer) => void
  readonly #accept: (stream: SpdyStream) => void
  readonly #reader = new HeaderReader()
  readonly #writer = new HeaderWriter()
  readonly #streams = new Map<number, SpdyStream>()
  #pending = Buffer.alloc(0)

  /** `accept` is told of every stream that the client opens, before any of its data. */
  constructor(send: (bytes: Buffer) => void, accept: (stream: SpdyStream) => void) {
    this.#send = send
    this.#accept = accept
  }

  /** Takes bytes as they arrive, in pieces of any size. Throws when they are no SPDY. */
  receive(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= 8) {
      const length = this.#pending.readUIntBE(5, 3)
      if (this.#pending.length < 8 + length) return
      const frame = this.#pending.subarray(0, 8 + length)
      this.#pending = this.#pending.subarray(8 + length)
      this.#frame(frame)
    }
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.onEnd()
    this.#streams.clear()
  }

  #frame(frame: Buffer): void {
    const flags = frame.readUInt8(4)
    const body = frame.subarray(8)
    if ((frame[0] ?? 0) < 0x80) return this.#data(frame.readUInt32BE(0), body, (flags & FLAG_FIN) !== 0)
    const type = frame.readUInt16BE(2)
    const id = body.length >= 4 ? body.readUInt32BE(0) & 0x7fffffff : 0
    if (type === types.synStream) this.#open(id, this.#reader.read(body.subarray(10)), (flags & FLAG_FIN) !== 0)
    else if (type === types.headers) this.#reader.read(body.subarray(4))
    else if (type === types.ping) this.#send(control(types.ping, 0, body))
    else if (type === types.reset) {
      this.#streams.get(id)?.onEnd()
      this.#streams.delete(id)
    }
  }

  #data(id: number, bytes: Buffer, last: boolean): void {
    const stream = this.#streams.get(id)
    if (bytes.length > 0) stream?.onData(bytes)
    if (last) stream?.onEnd()
  }

  #open(id: number, headers: ReadonlyMap<string, string>, last: boolean): void {
    const stream: SpdyStream = {
      id,
      headers,
      write: (bytes) => {
        for (let at = 0; at < bytes.length; at += MAX_FRAME_BYTES)
          this.#send(data(id, bytes.subarray(at, at + MAX_FRAME_BYTES), 0))
      },
      end: () => this.#send(data(id, new Uint8Array(0), FLAG_FIN)),
      reset: () => {
        // Status 5: cancelled.
        this.#send(control(types.reset, 0, Buffer.concat([number(id), number(5)])))
        this.#streams.delete(id)
      },
      onData: () => {},
      onEnd: () => {},
    }
    this.#streams.set(id, stream)
    this.#send(control(types.synReply, 0, Buffer.concat([number(id), this.#writer.write()])))
    this.#accept(stream)
    if (last) stream.onEnd()
  }
}

/** Lets a connection live on a socket; a client that does not speak SPDY is cut off. */
export function serveSpdy(socket: Duplex, head: Buffer, connection: SpdyConnection): void {
  const receive = (bytes: Buffer): void => {
    try {
      connection.receive(bytes)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('malformed SPDY frame', { cause: error }))
    }
  }
  socket.on('data', receive)
  receive(head)
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function control(type: number, flags: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

function data(id: number, body: Uint8Array, flags: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id, 0)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}
