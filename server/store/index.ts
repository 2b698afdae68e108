export type { AskedBy, AttemptEvent, StoredEvent } from './events.ts'
export type { AttemptRow, Store } from './store.ts'
export { openSqliteStore } from './sqlite/index.ts'
export { progressOf, taskViews, pointsOf, type Progress } from './progress.ts'
