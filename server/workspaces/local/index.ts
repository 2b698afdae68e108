export { createLocalWorkspaces, type LocalWorkspacesOptions } from './local.ts'
