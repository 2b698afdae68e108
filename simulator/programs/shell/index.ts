export type { ContainerOptions } from './command.ts'
export { SharedDirectory, type Mount } from './shared-directory.ts'
export { createContainerShell } from './container.ts'
