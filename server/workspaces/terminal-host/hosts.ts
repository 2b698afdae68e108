import type { ShellSpec } from '../shell-spec.ts'
import type { SessionTerminalsListener, TerminalHostConnection, Viewer, ViewerListener } from './connection.ts'
import type { HostTerminal } from './messages.ts'

/** The terminals of one session, whichever host holds them. */
export interface SessionTerminals {
  /** In the order in which they were opened. */
  list(): HostTerminal[]
  has(terminal: number): boolean
  open(name: string, shell: ShellSpec, columns: number, rows: number): Promise<HostTerminal>
  close(terminal: number): void
  rename(terminal: number, name: string): void
  /** Types a command of the lesson; `key` names it. */
  run(terminal: number, key: string, text: string, interrupt: boolean): void
  watch(listener: SessionTerminalsListener): Disposable
  /** A page's eye on the session's terminals. `page` is its own name, by which repeated input is recognised. */
  viewer(page: string, listener: ViewerListener): Viewer
}

/** Where the terminals of sessions are held: in one process of this machine, or in a container each. */
export interface TerminalHosts {
  of(session: string): SessionTerminals
  /** Ends all shells of a session. */
  endSession(session: string): Promise<void>
  /** Makes the first terminal faster. */
  ready(): Promise<void>
  /** Lets go of shells, which go on without this server; `isIdle`: no session is left that has any. */
  close(isIdle: boolean): Promise<void>
}

/** What a connection knows of one session. */
export function terminalsOf(connection: TerminalHostConnection, session: string): SessionTerminals {
  return {
    list: () => connection.list(session),
    has: (terminal) => connection.belongs(terminal, session),
    open: (name, shell, columns, rows) => connection.open(session, name, shell, columns, rows),
    close: (terminal) => connection.close(terminal),
    rename: (terminal, name) => connection.rename(terminal, name),
    run: (terminal, key, text, interrupt) => connection.run(terminal, key, text, interrupt),
    watch: (listener) => connection.watch(session, listener),
    viewer: (page, listener) => connection.viewer(page, listener),
  }
}

/** One host for the terminals of all sessions. */
export function sharedTerminals(connection: TerminalHostConnection): TerminalHosts {
  return {
    of: (session) => terminalsOf(connection, session),
    endSession: (session) => connection.closeSession(session),
    ready: () => connection.ready(),
    close: async (isIdle) => (isIdle ? connection.stop() : connection[Symbol.dispose]()),
  }
}
