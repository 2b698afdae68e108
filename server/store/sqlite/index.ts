import type Database from 'libsql'
import { Kysely, SqliteDialect, type SqliteDatabase, type Transaction } from 'kysely'
import { serverError } from '../../../protocol/errors/server.ts'
import type { AttemptEvent, StoredEvent } from '../events.ts'
import type { AttemptRow, Documents, Store } from '../store.ts'
import { openDatabase, storageError, type SqliteOptions } from './open.ts'

interface Tables {
  event: { attempt: string; sequence: number; at: string; type: string; body: string }
  attempt: {
    id: string
    account: string
    lab: string
    startedAt: string
    endedAt: string | null
    deleted: number
    held: number
    last: number
  }
  document: { kind: string; key: string; value: string }
}

/** The store in one SQLite file. `now` gives the events' times. */
export function openSqliteStore(options: SqliteOptions & { now?: () => number }): Store {
  return new SqliteStore(openDatabase(options), options.folder, options.now ?? Date.now)
}

class SqliteStore implements Store {
  readonly #query: Kysely<Tables>
  readonly #folder: string
  readonly #now: () => number
  /** Transactions run one after the other: SQLite has one writer, and one connection serves all. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(database: Database.Database, folder: string, now: () => number) {
    this.#query = new Kysely<Tables>({
      dialect: new SqliteDialect({ database: asKyselyExpects(database) }),
    })
    this.#folder = folder
    this.#now = now
  }

  append(attempt: string, after: number, events: AttemptEvent[]): Promise<StoredEvent[]> {
    return this.#write(async (query) => {
      const row = await query.selectFrom('attempt').select('last').where('id', '=', attempt).executeTakeFirst()
      if ((row?.last ?? 0) !== after) throw serverError('ATTEMPT_CHANGED')
      const at = new Date(this.#now()).toISOString()
      const stored = events.map((event, index) => ({ ...event, sequence: after + index + 1, at }))
      for (const { sequence, at: time, type, ...body } of stored) {
        await query
          .insertInto('event')
          .values({ attempt, sequence, at: time, type, body: JSON.stringify(body) })
          .execute()
      }
      for (const event of stored) await reflect(query, attempt, event)
      return stored
    })
  }

  async read(attempt: string): Promise<StoredEvent[]> {
    const rows = await this.#query
      .selectFrom('event')
      .select(['sequence', 'at', 'type', 'body'])
      .where('attempt', '=', attempt)
      .orderBy('sequence')
      .execute()
    return rows.map(({ body, ...row }) => ({ ...(JSON.parse(body) as object), ...row }) as StoredEvent)
  }

  async attempts(filter: { account?: string; held?: boolean }): Promise<AttemptRow[]> {
    let query = this.#query.selectFrom('attempt').selectAll().orderBy('startedAt', 'desc').orderBy('id')
    if (filter.account !== undefined) query = query.where('account', '=', filter.account)
    if (filter.held !== undefined) query = query.where('held', '=', Number(filter.held))
    return (await query.execute()).map(({ id, account, lab, startedAt, endedAt, ...row }) => ({
      id,
      account,
      lab,
      startedAt,
      ...(endedAt === null ? {} : { endedAt }),
      deleted: row.deleted === 1,
      held: row.held === 1,
    }))
  }

  async get<K extends keyof Documents>(kind: K, key: string): Promise<Documents[K] | undefined> {
    const row = await this.#query
      .selectFrom('document')
      .select('value')
      .where('kind', '=', kind)
      .where('key', '=', key)
      .executeTakeFirst()
    return row === undefined ? undefined : (JSON.parse(row.value) as Documents[K])
  }

  async put<K extends keyof Documents>(kind: K, key: string, value: Documents[K] | undefined): Promise<void> {
    await this.#write(async (query) => {
      await query.deleteFrom('document').where('kind', '=', kind).where('key', '=', key).execute()
      if (value !== undefined)
        await query
          .insertInto('document')
          .values({ kind, key, value: JSON.stringify(value) })
          .execute()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last.catch(() => undefined)
    await this.#query.destroy()
  }

  #write<T>(work: (query: Transaction<Tables>) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      try {
        return await this.#query.transaction().execute(work)
      } catch (error) {
        throw storageError(error, this.#folder)
      }
    }
    const result = this.#last.then(run, run)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/** SQLite ends a transaction by itself when the disk is full; a `rollback` after that would hide the first error. */
function asKyselyExpects(database: Database.Database): SqliteDatabase {
  const nothing = database.prepare('SELECT 1 WHERE 0')
  return {
    prepare: (sql) => (sql === 'rollback' && !database.inTransaction ? nothing : database.prepare(sql)),
    close: () => database.close(),
  }
}

/** Keeps the attempt's row equal to what its events say. */
async function reflect(query: Transaction<Tables>, id: string, event: StoredEvent): Promise<void> {
  if (event.type === 'started') {
    const { account, lab, at: startedAt, sequence: last } = event
    await query
      .insertInto('attempt')
      .values({ id, account, lab, startedAt, endedAt: null, deleted: 0, held: 1, last })
      .execute()
    return
  }
  const ends = event.type === 'finished' || event.type === 'deleted'
  await query
    .updateTable('attempt')
    .set((column) => ({
      last: event.sequence,
      ...(ends ? { endedAt: column.fn.coalesce('endedAt', column.val(event.at)) } : {}),
      ...(event.type === 'released' ? { held: 0 } : {}),
      ...(event.type === 'deleted' ? { deleted: 1 } : {}),
    }))
    .where('id', '=', id)
    .execute()
}
