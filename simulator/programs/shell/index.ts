export type { ContainerOptions } from './command.ts'
export { createContainerShell } from './container.ts'
