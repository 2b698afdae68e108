import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { pino, type Logger } from 'pino'

/** The server's log: JSON lines in the data folder. The terminal is for the link. A log that cannot be written stops nothing. */
export function openLog(dataFolder: string): Logger {
  const folder = path.join(dataFolder, 'logs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const destination = pino.destination({ dest: path.join(folder, 'server.log'), sync: true, mode: 0o600 })
  destination.on('error', () => undefined)
  return pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
