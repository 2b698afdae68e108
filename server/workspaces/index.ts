export { createLocalWorkspaces } from './local/index.ts'
export type { Mirror, MirrorAnswer, WorkspaceProvider } from './provider.ts'
export type { ShellSpec } from './shell-spec.ts'
export { TerminalHostConnection } from './terminal-host/index.ts'
