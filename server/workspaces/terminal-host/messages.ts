import type { ShellSpec } from '../shell-spec.ts'
import type { RunState } from './runs.ts'

/**
 * Between server and terminal host, over a Unix socket: frames of u32 length, u8 kind, body. Kind 0 is one of these as JSON;
 * kinds 1..3 are the binary frames of protocol/live.ts behind a u32 viewer. Raise the version on every change: a server that
 * finds a host of another version replaces it.
 */
export const HOST_PROTOCOL_VERSION = 1

export interface HostTerminal {
  number: number
  session: string
  name: string
  exitCode?: number
  runs: RunState[]
}

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
  | { type: 'stop' }

export type FromHost =
  | { type: 'welcome'; version: number; pid: number; terminals: HostTerminal[] }
  | { type: 'opened'; request: number; terminal: HostTerminal }
  | { type: 'refused'; request: number; reason: string }
  | { type: 'terminal'; terminal: Omit<HostTerminal, 'runs'> }
  | { type: 'closed'; terminal: number }
  | { type: 'run'; terminal: number; run: RunState }
  | { type: 'replay'; viewer: number; terminal: number; offset: number; end: number }
  | { type: 'typed'; viewer: number; terminal: number; sequence: number }
