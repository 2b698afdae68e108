export type { Change } from './history.ts'
export { deepFreeze, jsonOf } from './serialize.ts'
export { Store, type ChangeListener } from './store.ts'
