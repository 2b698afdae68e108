export { findImage } from './images.ts'
export { ExecutableNotFound } from './program.ts'
export type { ContainerShell, HttpHandler, Image, Program, ProgramContext } from './program.ts'
export { createContainerShell, type ContainerOptions } from './shell/index.ts'
