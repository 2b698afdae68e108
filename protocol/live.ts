import * as v from 'valibot'

/**
 * The live connection of a page: one WebSocket at /live. JSON in text frames, terminal bytes in binary frames.
 * The first frame is `hello` with a single-use ticket (30 s, from POST /api/sessions/:id/ticket); nothing is accepted before it.
 *
 * Binary frames: 1 byte opcode, u32 terminal number, then (big-endian)
 *   1 output  server -> page: u64 offset of the first byte in the terminal's whole output, then bytes
 *   2 input   page -> server: u32 sequence number, from 1 without gaps in each terminal, then bytes (at most 64 KiB). A repeated
 *             number is not typed twice, and nothing is typed after a gap. What `typed` does not confirm may have been refused,
 *             because a program does not read: the page sends it again after a pause, at most 256 KiB at a time
 *   3 ack     page -> server: u64 offset up to which xterm has parsed (at least every 64 KiB or 50 ms)
 * The window is 512 KiB unacknowledged, resumed below 128 KiB.
 */
export const OUTPUT = 1
export const INPUT = 2
export const ACK = 3

export const WINDOW_HIGH_BYTES = 512 * 1024
export const WINDOW_LOW_BYTES = 128 * 1024
export const ACK_EVERY_BYTES = 64 * 1024
export const ACK_EVERY_MILLISECONDS = 50
export const MAX_INPUT_BYTES = 64 * 1024
export const INPUT_WINDOW_BYTES = 256 * 1024
export const REPLAY_BYTES = 1024 * 1024

/** Close codes: why a connection was ended by the server. */
export const CLOSE_BAD_FRAME = 4400
export const CLOSE_NOT_ALLOWED = 4401
export const CLOSE_NO_SESSION = 4404
export const CLOSE_TOO_SLOW = 4408

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64))
const size = v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(500))

export const clientMessage = v.variant('type', [
  /** `terminals`: what the page has of each terminal already, so that replay starts there. */
  v.strictObject({
    type: v.literal('hello'),
    session: id,
    ticket: id,
    /** Chosen at random by the page when it loads: input numbers count per page, across its reconnections. */
    page: id,
    terminals: v.optional(v.array(v.strictObject({ number: v.number(), offset: v.number() })), []),
  }),
  v.strictObject({ type: v.literal('open'), name: id, columns: size, rows: size }),
  v.strictObject({ type: v.literal('close'), terminal: v.number() }),
  v.strictObject({ type: v.literal('rename'), terminal: v.number(), name: id }),
  v.strictObject({ type: v.literal('resize'), terminal: v.number(), columns: size, rows: size }),
  /** A click on a command of the lesson: the server types its text into the terminal of that name, opening it when it is not there. */
  v.strictObject({
    type: v.literal('run'),
    step: id,
    command: id,
    columns: v.optional(size, 80),
    rows: v.optional(size, 24),
  }),
  v.strictObject({ type: v.literal('ping') }),
])
export type ClientMessage = v.InferOutput<typeof clientMessage>

export interface TerminalView {
  number: number
  name: string
  /** Present once its shell ended. */
  exitCode?: number
}

export type CommandState = {
  step: string
  command: string
  state: 'queued' | 'running' | 'done'
  /** Of `done`; absent when it could not be seen (a nested shell, a REPL). A courtesy to the learner, never evidence. */
  exitCode?: number
  milliseconds?: number
}

export type ServerMessage =
  | { type: 'welcome'; view: import('./session.ts').SessionView; terminals: TerminalView[]; commands: CommandState[] }
  | import('./session.ts').SessionEvent
  /** `lost`: the process that held the shells died, and they with it; files are still there. */
  | { type: 'terminals'; terminals: TerminalView[]; lost?: true }
  /** Replay of a terminal begins at `offset` (what is before is gone) and is complete at `end`: input is held back until it was parsed. */
  | { type: 'replay'; terminal: number; offset: number; end: number }
  /** Input up to this number has reached the shell's queue and need not be sent again after a reconnection. */
  | { type: 'typed'; terminal: number; sequence: number }
  | { type: 'command'; command: CommandState }
  | { type: 'problem'; code: string; sentence: string }
  | { type: 'pong' }
