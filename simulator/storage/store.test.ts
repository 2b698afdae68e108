import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { KubeObject } from '../kubernetes/index.ts'
import { Store } from './index.ts'

/** Bytes that still find room on the disk. */
const room = vi.hoisted(() => ({ bytes: Infinity }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const writeSync = (file: number, bytes: Buffer, offset = 0) => {
    const length = Math.min(room.bytes, bytes.length - offset)
    if (length <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    room.bytes -= length
    return fs.writeSync(file, bytes, offset, length)
  }
  return { ...fs, writeSync }
})

const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '' },
  data,
})

describe('a store', () => {
  it('gives every write of any resource the next revision', () => {
    const store = new Store()
    const first = store.put('configmaps', configMap('a'), undefined)
    const second = store.put('secrets', configMap('b'), undefined)
    expect(Number(second?.metadata.resourceVersion)).toBe(Number(first?.metadata.resourceVersion) + 1)
    expect(store.revision).toBe(Number(second?.metadata.resourceVersion))
  })

  it('stores nothing when the expected version is not the current one', () => {
    const store = new Store()
    const first = store.put('configmaps', configMap('a'), undefined)
    expect(store.put('configmaps', configMap('a'), undefined)).toBeUndefined()
    expect(store.put('configmaps', configMap('a'), '99')).toBeUndefined()
    expect(store.put('configmaps', configMap('a', { x: '1' }), first?.metadata.resourceVersion)?.['data']).toEqual({
      x: '1',
    })
  })

  it('hands out frozen objects', () => {
    const stored = new Store().put('configmaps', configMap('a', { x: '1' }), undefined)
    expect(Object.isFrozen(stored?.['data'])).toBe(true)
  })

  it('lists the past as it was, until that is forgotten', () => {
    const store = new Store()
    const first = store.put('configmaps', configMap('a', { x: '1' }), undefined)
    const then = store.revision
    store.put('configmaps', configMap('a', { x: '2' }), first?.metadata.resourceVersion)
    store.put('configmaps', configMap('b'), undefined)
    expect([...(store.valuesAt('configmaps', then) ?? [])]).toEqual([first])
    store.forgetHistory()
    expect(store.valuesAt('configmaps', then)).toBeUndefined()
    expect(store.changesAfter(then)).toBeUndefined()
  })

  it('takes no more writes once it is disposed: its file may be that of another cluster by then', () => {
    const store = new Store()
    const stored = store.put('configmaps', configMap('a'), undefined)
    store[Symbol.dispose]()
    expect(() => store.put('configmaps', configMap('b'), undefined)).toThrow('the cluster has stopped')
    const version = stored?.metadata.resourceVersion ?? ''
    expect(() => store.remove('configmaps', 'default/a', version)).toThrow('the cluster has stopped')
  })

  it('keeps a bounded history', () => {
    const store = new Store({ historyChanges: 5 })
    for (let i = 0; i < 20; i++) store.put('configmaps', configMap(`c${i}`), undefined)
    expect(store.changesAfter(store.revision - 5)).toHaveLength(5)
    expect(store.changesAfter(1)).toBeUndefined()
  })
})

describe('a store with a folder', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'store-'))))
  afterEach(() => {
    room.bytes = Infinity
    rmSync(folder, { recursive: true })
  })

  it('has everything again after the process died without a word', () => {
    const store = new Store({ folder })
    const a = store.put('configmaps', configMap('a', { x: '1' }), undefined)
    const b = store.put('configmaps', configMap('b'), undefined)
    store.remove('configmaps', 'default/b', b?.metadata.resourceVersion ?? '')
    const again = new Store({ folder })
    expect([...again.values('configmaps')]).toEqual([a])
    expect(again.revision).toBe(store.revision)
  })

  it('drops a torn last line and goes on writing after it', () => {
    const store = new Store({ folder })
    store.put('configmaps', configMap('a'), undefined)
    appendFileSync(path.join(folder, 'journal.jsonl'), '{"revision":9,"resource":"configm')
    const again = new Store({ folder })
    again.put('configmaps', configMap('b'), undefined)
    expect(new Store({ folder }).count('configmaps')).toBe(2)
  })

  it('says so when a snapshot is damaged, rather than begin with half of it', () => {
    appendFileSync(path.join(folder, 'snapshot.jsonl'), '{"revision":9}\n{"resource":"configmaps","object":{"apiV')
    expect(() => new Store({ folder })).toThrow(/line 2 of .*snapshot\.jsonl is damaged/)
  })

  it('folds a long journal into a snapshot', () => {
    const store = new Store({ folder })
    let version: string | undefined
    for (let i = 0; i < 60; i++)
      version = store.put('configmaps', configMap('a', { x: 'y'.repeat(100_000) + i }), version)?.metadata
        .resourceVersion
    expect(readFileSync(path.join(folder, 'journal.jsonl')).length).toBeLessThan(4_500_000)
    const again = new Store({ folder })
    expect(again.get('configmaps', 'default/a')?.metadata.resourceVersion).toBe(version)
    expect(again.revision).toBe(store.revision)
  })
  it('refuses a write that finds no room on the disk, keeps what it has, and goes on when there is room', () => {
    const store = new Store({ folder })
    const a = store.put('configmaps', configMap('a'), undefined)
    const revision = store.revision
    room.bytes = 30
    expect(() => store.put('configmaps', configMap('b'), undefined)).toThrow(
      expect.objectContaining({ reason: 'DISK_FULL', message: expect.stringContaining('make room') }),
    )
    expect([store.revision, store.count('configmaps')]).toEqual([revision, 1])
    expect([...new Store({ folder }).values('configmaps')]).toEqual([a])
    room.bytes = Infinity
    store.put('configmaps', configMap('c'), undefined)
    expect([...new Store({ folder }).values('configmaps')].map(({ metadata }) => metadata.name)).toEqual(['a', 'c'])
  })

  it('keeps the journal when there is no room for a snapshot', () => {
    const store = new Store({ folder })
    let version: string | undefined
    const write = () =>
      (version = store.put('configmaps', configMap('a', { x: 'y'.repeat(100_000) }), version)?.metadata.resourceVersion)
    for (let i = 0; i < 41; i++) write()
    room.bytes = 150_000
    write()
    room.bytes = Infinity
    expect(new Store({ folder }).get('configmaps', 'default/a')?.metadata.resourceVersion).toBe(version)
    for (let i = 0; i < 60; i++) write()
    expect(readFileSync(path.join(folder, 'journal.jsonl')).length).toBeLessThan(4_500_000)
    expect(new Store({ folder }).get('configmaps', 'default/a')?.metadata.resourceVersion).toBe(version)
  })
})
