export { InjectionError } from './annotations.ts'
export { inject, type InjectorSettings } from './inject.ts'
export { podPatch } from './patch.ts'
export type { Pod } from './pod.ts'
