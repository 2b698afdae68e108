import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { storeConformance } from '../conformance.ts'
import type { AttemptEvent } from '../events.ts'
import { openSqliteStore } from './index.ts'

const makeFolder = () => mkdtemp(path.join(os.tmpdir(), 'labwright-store-'))
const started: AttemptEvent = { type: 'started', account: 'a', lab: 'l', version: 'v', endsAt: '' }

storeConformance('SQLite', async () => {
  const folder = await makeFolder()
  return {
    open: async () => openSqliteStore({ folder }),
    remove: () => rm(folder, { recursive: true }),
  }
})

describe('bad luck with the disk', () => {
  let folder: string
  beforeEach(async () => {
    folder = await makeFolder()
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('a full disk is DISK_FULL, keeps what was acknowledged, and passes', async () => {
    const store = openSqliteStore({ folder, maximumPages: 12 })
    let kept = 0
    const big = (): AttemptEvent => ({ type: 'step', step: 'x'.repeat(8000) })
    const fill = async () => {
      await store.append('a', 0, [started])
      for (kept = 1; ; kept += 1) await store.append('a', kept, [big()])
    }
    await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL', status: 507, cause: expect.anything() })
    expect(await store.read('a')).toHaveLength(kept)
    await store[Symbol.asyncDispose]()
    const roomier = openSqliteStore({ folder })
    await roomier.append('a', kept, [big()])
    expect(await roomier.read('a')).toHaveLength(kept + 1)
    await roomier[Symbol.asyncDispose]()
  })

  test('a folder that cannot be made is DATA_FOLDER_UNUSABLE and names it', async () => {
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    expect(() => openSqliteStore({ folder: path.join(file, 'data') })).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE', message: expect.stringContaining(file) }),
    )
  })

  test('data of a newer version is left alone', async () => {
    const database = new Database(path.join(folder, 'labwright.db'))
    database.exec('PRAGMA user_version = 999')
    database.close()
    expect(() => openSqliteStore({ folder })).toThrow(expect.objectContaining({ code: 'DATA_FROM_NEWER_VERSION' }))
  })

  test('no statement changes or takes away an event', async () => {
    const store = openSqliteStore({ folder })
    await store.append('a', 0, [started])
    const database = new Database(path.join(folder, 'labwright.db'))
    for (const statement of ["UPDATE event SET body = '{}'", 'DELETE FROM event'])
      expect(() => database.exec(statement)).toThrow(/append-only/)
    database.close()
    await store[Symbol.asyncDispose]()
  })
})
