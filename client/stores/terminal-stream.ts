import { encodeFrame, type TerminalFrame } from '../../protocol/live-frames.ts'
import { ACK, ACK_EVERY_BYTES, ACK_EVERY_MILLISECONDS } from '../../protocol/live.ts'
import type { PageClock } from './clock.ts'
import { InputStream, isAnswer } from './input-stream.ts'

/** What shows the output: xterm, once it is loaded. */
export interface TerminalSink {
  /** Calls `parsed` when the bytes have been taken in. */
  write(bytes: Uint8Array, parsed: () => void): void
  /** What was shown is no longer a beginning of what follows. */
  reset(): void
}

/**
 * One terminal as this page has it: how far its output was received and parsed, and which input has not been acknowledged yet.
 * Outlives connections: after a reconnection the output goes on where it was, and input is sent again under its old number.
 */
export class TerminalStream {
  readonly number: number
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => boolean
  readonly #clock: PageClock
  #sink: TerminalSink | undefined
  #held: { bytes: Uint8Array; end: number }[] = []
  #received = 0
  #parsed = 0
  #acknowledged = 0
  #cancelAck: (() => void) | undefined
  readonly #input: InputStream
  /** Offset up to which output is a replay: what xterm answers to old questions must not be typed, keys wait. */
  #replayEnd = 0
  #epoch = 0

  constructor(number: number, send: (frame: Uint8Array<ArrayBuffer>) => boolean, clock: PageClock) {
    this.number = number
    this.#send = send
    this.#clock = clock
    this.#input = new InputStream(number, send, clock)
  }

  /** Offset from which the server should go on. */
  get received(): number {
    return this.#received
  }

  /** False while a replay is being parsed. */
  get writable(): boolean {
    return this.#parsed >= this.#replayEnd
  }

  show(sink: TerminalSink): void {
    this.#sink = sink
    for (const { bytes, end } of this.#held.splice(0)) this.#write(sink, bytes, end)
  }

  output(frame: Extract<TerminalFrame, { opcode: 1 }>): void {
    const known = this.#received - frame.offset
    // A hole cannot be: the server says `replay` first. What is known already is not shown twice.
    if (known < 0 || known >= frame.bytes.length) return
    const bytes = Uint8Array.from(frame.bytes.subarray(known))
    this.#received += bytes.length
    const end = this.#received
    if (this.#sink === undefined) this.#held.push({ bytes, end })
    else this.#write(this.#sink, bytes, end)
  }

  replay(offset: number, end: number): void {
    this.#replayEnd = end
    if (offset !== this.#received) {
      this.#epoch++
      this.#held = []
      this.#sink?.reset()
      this.#received = offset
      this.#parsed = offset
      this.#acknowledged = offset
    }
    this.#input.hold(!this.writable)
  }

  type(bytes: Uint8Array): void {
    if (this.writable || !isAnswer(bytes)) this.#input.type(bytes)
  }

  typed(sequence: number): void {
    this.#input.confirm(sequence)
  }

  /** The connection is back: what may not have arrived goes again. */
  resend(): void {
    this.#input.resend()
    this.#acknowledge()
  }

  close(): void {
    this.#cancelAck?.()
    this.#input.close()
  }

  #write(sink: TerminalSink, bytes: Uint8Array, end: number): void {
    const epoch = this.#epoch
    sink.write(bytes, () => {
      // Written before a reset: its offset means nothing any more.
      if (epoch !== this.#epoch) return
      this.#parsed = end
      this.#input.hold(!this.writable)
      this.#acknowledgeSoon()
    })
  }

  #acknowledgeSoon(): void {
    if (this.#parsed - this.#acknowledged >= ACK_EVERY_BYTES) return this.#acknowledge()
    this.#cancelAck ??= this.#clock.after(ACK_EVERY_MILLISECONDS, () => this.#acknowledge())
  }

  #acknowledge(): void {
    this.#cancelAck?.()
    this.#cancelAck = undefined
    if (this.#send(encodeFrame({ opcode: ACK, terminal: this.number, offset: this.#parsed })))
      this.#acknowledged = this.#parsed
  }
}
