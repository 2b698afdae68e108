export { createLocalWorkspaces, type LocalWorkspacesOptions } from './local/index.ts'
export type { Mirror, MirrorAnswer, RunResult, Workspace, WorkspaceProvider, WorkspaceRequest } from './provider.ts'
export type { ShellSpec } from './shell-spec.ts'
export { TerminalHostConnection, type TerminalHostPlace } from './terminal-host/index.ts'
