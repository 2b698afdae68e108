export { createLocalWorkspaces, type LocalWorkspacesOptions } from './local.ts'
export { INSTALL_TOOLS, isPackagedFor, toolsZip } from './tools.ts'
