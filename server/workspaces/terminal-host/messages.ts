import * as v from 'valibot'
import type { ShellSpec } from '../shell-spec.ts'

/**
 * Between server and terminal host, over a Unix socket: frames of u32 length, u8 kind, body. Kind 0 is one of these as JSON;
 * kind 1 is a binary frame of protocol/live.ts behind a u32 viewer. Raise the version on every change: a server that finds a host of
 * another version replaces it. What a host says is checked: in a container the learner could speak in its place.
 */
export const HOST_PROTOCOL_VERSION = 2

/** Of a name, a key, a reason: what is longer was made by nobody of ours. */
const LONGEST_TEXT = 1024
const LONGEST_OUTPUT = 1024 * 1024
const MOST_TERMINALS = 10_000
const MOST_RUNS = 256

const text = v.pipe(v.string(), v.maxLength(LONGEST_TEXT))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const exitCode = v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(1000)))

const run = v.object({
  key: text,
  state: v.picklist(['queued', 'running', 'done']),
  exitCode,
  milliseconds: v.exactOptional(count),
})
const named = { number: v.pipe(count, v.maxValue(0xffff_ffff)), session: text, name: text, exitCode }
const terminal = v.object({ ...named, runs: v.pipe(v.array(run), v.maxLength(MOST_RUNS)) })

export const fromHost = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    version: count,
    pid: count,
    terminals: v.pipe(v.array(terminal), v.maxLength(MOST_TERMINALS)),
  }),
  v.object({ type: v.literal('opened'), request: count, terminal }),
  /** Of any request. `code`: an error code of ours or of the system, where there is one. */
  v.object({ type: v.literal('refused'), request: count, reason: text, code: v.exactOptional(text) }),
  v.object({ type: v.literal('written'), request: count }),
  v.object({
    type: v.literal('ran'),
    request: count,
    exitCode: v.pipe(v.number(), v.integer()),
    output: v.pipe(v.string(), v.maxLength(LONGEST_OUTPUT)),
    timedOut: v.boolean(),
  }),
  v.object({ type: v.literal('terminal'), terminal: v.object(named) }),
  v.object({ type: v.literal('closed'), terminal: count }),
  v.object({ type: v.literal('run'), terminal: count, run }),
  v.object({ type: v.literal('replay'), viewer: count, terminal: count, offset: count, end: count }),
  v.object({ type: v.literal('typed'), viewer: count, terminal: count, sequence: count }),
])
export type FromHost = v.InferOutput<typeof fromHost>
export type HostTerminal = v.InferOutput<typeof terminal>

export type ToHost =
  | { type: 'hello'; version: number }
  | { type: 'open'; request: number; session: string; name: string; shell: ShellSpec; columns: number; rows: number }
  | { type: 'close'; terminal: number }
  | { type: 'closeSession'; session: string }
  | { type: 'rename'; terminal: number; name: string }
  | { type: 'resize'; viewer: number; terminal: number; columns: number; rows: number }
  | { type: 'run'; terminal: number; key: string; text: string; interrupt: boolean }
  /** A page of that name sees everything of a terminal from `offset` on. */
  | { type: 'attach'; viewer: number; page: string; terminal: number; offset: number }
  | { type: 'detach'; viewer: number }
  /** A file below the home of a host that has one; `ifMissing`: what is there already stays. */
  | { type: 'write'; request: number; path: string; text: string; mode: number; ifMissing: boolean }
  /** A program without a terminal, to its end or its deadline. */
  | { type: 'script'; request: number; shell: ShellSpec; timeoutMilliseconds: number }
  /** Nobody waits for that request any more. */
  | { type: 'cancel'; request: number }
  | { type: 'stop' }
