export { Labs } from './pinned-labs.ts'
export type { Session } from './session.ts'
export { Sessions } from './sessions.ts'
export { emptyShape, preparedShape, type ShapeOf } from './shapes.ts'
