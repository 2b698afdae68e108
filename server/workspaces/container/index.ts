export { createContainerWorkspaces } from './container.ts'
