export { Labs } from './pinned-labs.ts'
export type { Session } from './session.ts'
export { Sessions, type SessionsOptions } from './sessions.ts'
