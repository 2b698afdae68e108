import type { Socket } from 'node:net'
import { decodeFrame, encodeFrame, type TerminalFrame } from '../../../protocol/live-frames.ts'

const HEADER_BYTES = 5
const MAX_FRAME_BYTES = 4 * 1024 * 1024
const JSON_KIND = 0
const FRAME_KIND = 1

export interface WireEvents<In> {
  message(message: In): void
  frame(viewer: number, frame: TerminalFrame): void
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
    const body = Buffer.from(JSON.stringify(message))
    this.#write(JSON_KIND, [body])
  }

  sendFrame(viewer: number, frame: TerminalFrame): void {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(viewer)
    this.#write(FRAME_KIND, [head, Buffer.from(encodeFrame(frame).buffer)])
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
    this.#end()
  }

  #write(kind: number, parts: Buffer[]): void {
    if (this.#closed) return
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0))
    header.writeUInt8(kind, 4)
    this.#socket.write(Buffer.concat([header, ...parts]))
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
    const frame = kind === FRAME_KIND && body.length > 4 ? decodeFrame(body.subarray(4)) : undefined
    if (frame === undefined) return this.#refuse(`a frame of kind ${kind}`)
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
