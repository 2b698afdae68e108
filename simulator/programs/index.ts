export { findImage, repositoryOf } from './images.ts'
export { ExecutableNotFound } from './program.ts'
export type { ContainerShell, HttpHandler, Image, Program, ProgramContext } from './program.ts'
export { createContainerShell, SharedDirectory, type ContainerOptions, type Mount } from './shell/index.ts'
