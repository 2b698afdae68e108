import type { Socket } from 'node:net'
import { frameHead } from '../../../protocol/live-frames.ts'

const HEADER_BYTES = 5
const VIEWER_BYTES = 4
const MAX_FRAME_BYTES = 8 * 1024 * 1024
/** Each piece takes memory of its own, however small it is. */
const MAX_PIECES = 1024
const JSON_KIND = 0
const FRAME_KIND = 1

/** What one whom we do not trust may send, and may leave unread. */
const UNTRUSTED_BYTES_PER_SECOND = 32 * 1024 * 1024
const UNTRUSTED_UNSENT_BYTES = 16 * 1024 * 1024
/** Reading a message or frame counts for so many bytes. */
const MESSAGE_COST_BYTES = 8 * 1024
/** What is parsed counts so many times more. */
const PARSING_COST = 3
const FRAME_COST_BYTES = 2 * 1024
/** What may be read at once before the budget is looked at. */
const BURST_MILLISECONDS = 100

export interface WireEvents<In> {
  message(message: In): void
  /** A frame of protocol/live-frames.ts as it came: it has a head, and is passed on or decoded by who needs more. */
  frame(viewer: number, frame: Buffer): void
  /** Once; with an error when the other side broke the rules or the socket failed. */
  closed(error?: Error): void
}

export interface WireOptions<In> {
  /** Checks what was sent. @throws when it is no message */
  parse(this: void, value: unknown): In
  /** False for a side that could mean harm: it is read no faster than a person's terminals need, and must read what it is sent. */
  isTrusted: boolean
}

/** One end of the socket between server and terminal host. */
export class Wire<In, Out> {
  readonly #socket: Socket
  readonly #events: WireEvents<In>
  readonly #options: WireOptions<In>
  /** Pieces of the next frame: put together once it is whole, however small they are. */
  #pieces: Buffer[] = []
  #size = 0
  #wanted = HEADER_BYTES
  /** When what was read so far is paid for, on the clock of `performance.now`. */
  #paid = 0
  #resume: NodeJS.Timeout | undefined
  #closed = false

  constructor(socket: Socket, options: WireOptions<In>, events: WireEvents<In>) {
    this.#socket = socket
    this.#events = events
    this.#options = options
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
    if (this.#closed) return
    this.#socket.write(buffer)
    if (!this.#options.isTrusted && this.#socket.writableLength > UNTRUSTED_UNSENT_BYTES)
      this.refuse('does not read what it is sent')
  }

  #receive(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#size += bytes.length
    this.#pay(bytes.length)
    if (this.#size < this.#wanted) {
      if (this.#pieces.length > MAX_PIECES) this.#pieces = [Buffer.concat(this.#pieces)]
      return
    }
    let pending = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces)
    while (pending.length >= HEADER_BYTES && !this.#closed) {
      const length = pending.readUInt32BE(0)
      if (length > MAX_FRAME_BYTES) return this.refuse(`sent a frame of ${length} bytes`)
      this.#wanted = HEADER_BYTES + length
      if (pending.length < this.#wanted) break
      this.#take(pending.readUInt8(4), pending.subarray(HEADER_BYTES, this.#wanted))
      pending = pending.subarray(this.#wanted)
      this.#wanted = HEADER_BYTES
    }
    this.#pieces = pending.length === 0 ? [] : [pending]
    this.#size = pending.length
  }

  #take(kind: number, body: Buffer): void {
    if (kind === JSON_KIND) {
      this.#pay(MESSAGE_COST_BYTES + body.length * PARSING_COST)
      const message = this.#parse(body)
      return message === undefined ? undefined : this.#events.message(message)
    }
    const frame = body.subarray(VIEWER_BYTES)
    this.#pay(FRAME_COST_BYTES)
    if (kind !== FRAME_KIND || frameHead(frame) === undefined) return this.refuse(`sent a frame of kind ${kind}`)
    this.#events.frame(body.readUInt32BE(0), frame)
  }

  #parse(body: Buffer): In | undefined {
    try {
      return this.#options.parse(JSON.parse(body.toString()))
    } catch (error) {
      this.refuse('sent a message that is none', error)
      return undefined
    }
  }

  /** Reading stops until what was read is paid for. */
  #pay(bytes: number): void {
    if (this.#options.isTrusted) return
    const now = performance.now()
    this.#paid = Math.max(this.#paid, now) + (bytes / UNTRUSTED_BYTES_PER_SECOND) * 1000
    if (this.#paid - now < BURST_MILLISECONDS || this.#resume !== undefined) return
    this.#socket.pause()
    const wait = (): void => {
      const left = this.#paid - performance.now()
      if (left > 1) this.#resume = setTimeout(wait, left)
      else {
        this.#resume = undefined
        this.#socket.resume()
      }
    }
    this.#resume = setTimeout(wait, BURST_MILLISECONDS)
  }

  /** Ends the connection for a breach of its rules; `what` follows "the other side". */
  refuse(what: string, cause?: unknown): void {
    this.#socket.destroy()
    this.#end(new Error(`the other side of the terminal socket ${what}`, { cause }))
  }

  #end(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#resume)
    this.#pieces = []
    this.#events.closed(error)
  }
}

function head(kind: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + length)
  buffer.writeUInt32BE(length)
  buffer.writeUInt8(kind, 4)
  return buffer
}
