export type { LiveSession, LiveSessions } from './contract.ts'
export { createLive, type Live, type LiveOptions } from './live.ts'
