import type { Socket } from 'node:net'
import { frameHead } from '../../../protocol/live-frames.ts'

const HEADER_BYTES = 5
const VIEWER_BYTES = 4
const MAX_FRAME_BYTES = 4 * 1024 * 1024
const JSON_KIND = 0
const FRAME_KIND = 1

export interface WireEvents<In> {
  message(message: In): void
  /** A frame of protocol/live-frames.ts as it came: it has a head, and is passed on or decoded by who needs more. */
  frame(viewer: number, frame: Buffer): void
  /** Once; with an error when the other side broke the rules or the socket failed. */
  closed(error?: Error): void
}

/** One end of the socket between server and terminal host. */
export class Wire<In, Out> {
  readonly #socket: Socket
  readonly #events: WireEvents<In>
  #pending: Buffer = Buffer.alloc(0)
  #closed = false

  constructor(socket: Socket, events: WireEvents<In>) {
    this.#socket = socket
    this.#events = events
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end())
  }

  send(message: Out): void {
    const text = JSON.stringify(message)
    const buffer = head(JSON_KIND, Buffer.byteLength(text))
    buffer.write(text, HEADER_BYTES)
    this.#write(buffer)
  }

  /** `frame` is already encoded. */
  sendFrame(viewer: number, frame: Uint8Array): void {
    const buffer = head(FRAME_KIND, VIEWER_BYTES + frame.length)
    buffer.writeUInt32BE(viewer, HEADER_BYTES)
    buffer.set(frame, HEADER_BYTES + VIEWER_BYTES)
    this.#write(buffer)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
    this.#end()
  }

  #write(buffer: Buffer): void {
    if (!this.#closed) this.#socket.write(buffer)
  }

  #receive(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= HEADER_BYTES && !this.#closed) {
      const length = this.#pending.readUInt32BE(0)
      if (length > MAX_FRAME_BYTES) return this.#refuse(`a frame of ${length} bytes`)
      if (this.#pending.length < HEADER_BYTES + length) return
      const kind = this.#pending.readUInt8(4)
      const body = this.#pending.subarray(HEADER_BYTES, HEADER_BYTES + length)
      this.#pending = this.#pending.subarray(HEADER_BYTES + length)
      this.#take(kind, body)
    }
  }

  #take(kind: number, body: Buffer): void {
    if (kind === JSON_KIND) return this.#events.message(JSON.parse(body.toString()) as In)
    const frame = body.subarray(VIEWER_BYTES)
    if (kind !== FRAME_KIND || frameHead(frame) === undefined) return this.#refuse(`a frame of kind ${kind}`)
    this.#events.frame(body.readUInt32BE(0), frame)
  }

  #refuse(what: string): void {
    this.#socket.destroy()
    this.#end(new Error(`the other side of the terminal socket sent ${what}`))
  }

  #end(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#events.closed(error)
  }
}

function head(kind: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + length)
  buffer.writeUInt32BE(length)
  buffer.writeUInt8(kind, 4)
  return buffer
}
