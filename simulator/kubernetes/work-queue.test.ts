import { expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { ApiError } from './status.ts'
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

test.each([
  ['Invalid', 1],
  ['InternalError', 1],
  ['Conflict', 0],
  ['NotFound', 0],
  ['Forbidden', 0],
])('the refusal %s, again and again, is told %i times', async (reason, times) => {
  const clock = new ManualClock()
  const reported: unknown[] = []
  const queue = createWorkQueue({
    clock,
    reconcile: () => {
      throw new ApiError(400, reason, 'refused')
    },
    report: (error) => reported.push(error),
  })
  queue.add('a')
  await clock.advance(10)
  expect(reported).toHaveLength(0)
  await clock.advance(60_000)
  expect(reported).toHaveLength(times)
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

test('a key that always comes back lets others have their turn', async () => {
  let seen = 0
  const queue = createWorkQueue({
    clock: new ManualClock(),
    reconcile: async (key) => {
      seen++
      await Promise.resolve()
      queue.add(key)
    },
  })
  queue.add('a')
  await new Promise((resolve) => setImmediate(resolve))
  const inOneTurn = seen
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  queue[Symbol.dispose]()
  expect(inOneTurn).toBeLessThan(1000)
  expect(seen).toBeGreaterThan(inOneTurn)
})
