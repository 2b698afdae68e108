export { TerminalHostConnection } from './connection.ts'
export type { Viewer } from './connection.ts'
export type { HostTerminal } from './messages.ts'
export type { RunState } from './runs.ts'
