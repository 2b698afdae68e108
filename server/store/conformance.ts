import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AttemptEvent } from './events.ts'
import type { Store } from './store.ts'

const started = {
  type: 'started' as const,
  account: 'ada',
  lab: 'mesh',
  version: 'v1',
  endsAt: '2026-01-01T02:00:00.000Z',
} satisfies AttemptEvent
const step = (id: string): AttemptEvent => ({ type: 'step', step: id })

/** What every store must do. `open` is called again for the same data after the store was closed. */
export function storeConformance(
  name: string,
  prepare: () => Promise<{ open: () => Promise<Store>; remove: () => Promise<void> }>,
) {
  describe(`${name} store`, () => {
    let place: Awaited<ReturnType<typeof prepare>>
    let store: Store
    beforeEach(async () => {
      place = await prepare()
      store = await place.open()
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
      await place.remove()
    })

    test('numbers events from 1 without gaps and gives them back in order', async () => {
      await store.append('a', 0, [started, step('one')])
      await store.append('a', 2, [step('two')])
      expect(await store.read('a')).toMatchObject([
        { sequence: 1, type: 'started', account: 'ada' },
        { sequence: 2, type: 'step', step: 'one' },
        { sequence: 3, type: 'step', step: 'two' },
      ])
    })

    test('gives an unknown attempt no events', async () => {
      expect(await store.read('nobody')).toEqual([])
    })

    test('refuses events of a writer that missed some', async () => {
      await store.append('a', 0, [started])
      await expect(store.append('a', 0, [step('one')])).rejects.toMatchObject({ code: 'ATTEMPT_CHANGED' })
      expect(await store.read('a')).toHaveLength(1)
    })

    test('takes all events of a call or none', async () => {
      const circular: Record<string, unknown> = {}
      circular['self'] = circular
      await expect(
        store.append('a', 0, [started, { ...step('one'), circular } as unknown as AttemptEvent]),
      ).rejects.toThrow(/circular/i)
      expect(await store.read('a')).toEqual([])
      expect(await store.attempts({})).toEqual([])
    })

    test('keeps concurrent writers apart', async () => {
      await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.append(id, 0, [started, step(id)])))
      for (const id of ['a', 'b', 'c', 'd'])
        expect(await store.read(id)).toMatchObject([{ type: 'started' }, { step: id }])
    })

    test('has everything again after it was closed and opened', async () => {
      await store.append('a', 0, [started])
      await store.put('account', 'ada', { name: 'Ada', kind: 'local' })
      await store[Symbol.asyncDispose]()
      store = await place.open()
      expect(await store.read('a')).toHaveLength(1)
      expect(await store.get('account', 'ada')).toEqual({ name: 'Ada', kind: 'local' })
    })

    test('lists attempts by account and by whether they hold a cluster', async () => {
      await store.append('a', 0, [started])
      await store.append('b', 0, [{ ...started, account: 'bob' }])
      await store.append('c', 0, [
        started,
        { type: 'finished', by: 'learner' },
        { type: 'released' },
        { type: 'deleted' },
      ])
      expect((await store.attempts({ account: 'ada' })).map((row) => row.id).sort()).toEqual(['a', 'c'])
      expect((await store.attempts({ held: true })).map((row) => row.id).sort()).toEqual(['a', 'b'])
      const rows = await store.attempts({})
      expect(rows.find((row) => row.id === 'c')).toMatchObject({
        deleted: true,
        held: false,
        endedAt: expect.any(String),
      })
      expect(rows.find((row) => row.id === 'a')).not.toHaveProperty('endedAt')
    })

    test('keeps documents by kind and key until they are taken away', async () => {
      await store.put('usual-time', 'mesh/cluster', { milliseconds: 100 })
      await store.put('usual-time', 'mesh/cluster', { milliseconds: 90 })
      expect(await store.get('usual-time', 'mesh/cluster')).toEqual({ milliseconds: 90 })
      expect(await store.get('account', 'mesh/cluster')).toBeUndefined()
      await store.put('usual-time', 'mesh/cluster', undefined)
      expect(await store.get('usual-time', 'mesh/cluster')).toBeUndefined()
    })
  })
}
