export type { Change } from './history.ts'
export { deepFreeze, jsonOf } from './serialize.ts'
export { Store } from './store.ts'
