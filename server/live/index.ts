export type { LiveSession, LiveSessions } from './contract.ts'
