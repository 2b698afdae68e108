import { expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { createWorkQueue } from './work-queue.ts'

test('a key added several times is looked at once, and again when it was added meanwhile', async () => {
  const clock = new ManualClock()
  const seen: string[] = []
  const queue = createWorkQueue({
    clock,
    reconcile: async (key) => {
      seen.push(key)
      if (seen.length === 1) queue.add('a')
      await Promise.resolve()
    },
  })
  queue.add('a')
  queue.add('a')
  queue.add('b')
  await clock.advance(0)
  expect(seen).toEqual(['a', 'b', 'a'])
})

test('a throw brings the key back after 5, 10, 20 ms', async () => {
  const clock = new ManualClock()
  const times: number[] = []
  const reported: unknown[] = []
  const queue = createWorkQueue({
    clock,
    reconcile: () => {
      times.push(clock.monotonic())
      if (times.length < 4) throw new Error('not yet')
    },
    report: (error) => reported.push(error),
  })
  queue.add('a')
  await clock.advance(1000)
  expect(times).toEqual([0, 5, 15, 35])
  expect(reported).toHaveLength(3)
})

test('a disposed queue does nothing more', async () => {
  const clock = new ManualClock()
  const seen: string[] = []
  const queue = createWorkQueue({ clock, reconcile: (key) => void seen.push(key) })
  queue.addAfter('a', 10)
  queue.add('b')
  queue[Symbol.dispose]()
  await clock.advance(100)
  expect(seen).toEqual([])
})
