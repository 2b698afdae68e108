import type { Command } from '../../protocol/lab.ts'
import type { SessionEvent, SessionView } from '../../protocol/session.ts'
import type { ShellSpec } from '../workspaces/shell-spec.ts'

/** What the live connection needs of a session; the server's sessions provide it. */
export interface LiveSession {
  readonly id: string
  view(): SessionView
  /** A command of the lab version that this session is pinned to. */
  command(step: string, command: string): Command | undefined
  /** Calls back on every change, until disposed. */
  watch(listener: (event: SessionEvent) => void): Disposable
  /** What to start in a new terminal; throws a LabwrightError while the workspace is not there yet. */
  shell(): ShellSpec
}

export interface LiveSessions {
  /** The session, if it is still there and `person` may see it. Asked again for every message of a page. */
  find(id: string, person: string): LiveSession | undefined
}
