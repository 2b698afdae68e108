import { mkdirSync } from 'node:fs'
import path from 'node:path'
import Database from 'libsql'
import { serverError } from '../../../protocol/errors/server.ts'
import { migrations } from './migrations.ts'

export interface SqliteOptions {
  /** Folder of `labwright.db`; made when it is not there. */
  folder: string
  /** Most pages that the file may have: how tests fill the disk. */
  maximumPages?: number
}

/** Opens the database: WAL, every commit flushed to disk before it is acknowledged, all migrations run. */
export function openDatabase({ folder, maximumPages }: SqliteOptions): Database.Database {
  let database: Database.Database
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    database = new Database(path.join(folder, 'labwright.db'))
    database.pragma('journal_mode = WAL')
  } catch (error) {
    throw serverError('DATA_FOLDER_UNUSABLE', { folder, reason: (error as Error).message }, error)
  }
  database.pragma('synchronous = FULL')
  database.pragma('busy_timeout = 5000')
  try {
    migrate(database, folder)
  } catch (error) {
    database.close()
    throw storageError(error, folder)
  }
  if (maximumPages !== undefined) database.pragma(`max_page_count = ${maximumPages}`)
  return database
}

function migrate(database: Database.Database, folder: string): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (row.user_version > migrations.length) throw serverError('DATA_FROM_NEWER_VERSION', { folder })
  for (let number = row.user_version; number < migrations.length; number += 1) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[number]}; PRAGMA user_version = ${number + 1}; COMMIT;`)
  }
}

/** Turns SQLite's error into ours where it is the disk's fault; any other error is returned as it is. */
export function storageError(error: unknown, folder: string): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (typeof message !== 'string') return error
  // libsql reports the primary code for prepared statements and only a message for `exec`.
  if (code === 'SQLITE_FULL' || /database or disk is full|ENOSPC/i.test(message))
    return serverError('DISK_FULL', { folder }, error)
  if (
    /^SQLITE_(READONLY|CANTOPEN|IOERR)/.test(code ?? '') ||
    /readonly database|disk I\/O error|unable to open/i.test(message)
  )
    return serverError('DATA_READ_ONLY', { folder, reason: message }, error)
  return error
}
