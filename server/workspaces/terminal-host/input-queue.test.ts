import { expect, test } from 'vitest'
import { ManualClock } from '../../../protocol/clock.ts'
import { InputQueue, MAX_QUEUED_INPUT_BYTES } from './input-queue.ts'

function device(capacity: number) {
  const state = { room: capacity, calls: 0, text: '' }
  const write = (bytes: Buffer) => {
    state.calls++
    const taken = Math.min(state.room, bytes.length)
    state.room -= taken
    state.text += bytes.subarray(0, taken).toString()
    return taken
  }
  return { state, write }
}

test('a program that does not read is asked again at a growing pause, not in a spin', async () => {
  const clock = new ManualClock()
  const { state, write } = device(3)
  const queue = new InputQueue(write, clock)
  expect(queue.push(Buffer.from('abcdef'))).toBe(true)
  await clock.advance(10_000)
  expect(state.calls).toBeLessThan(200)
  state.room = 100
  await clock.advance(64)
  expect(state.text).toBe('abcdef')
  queue[Symbol.dispose]()
})

test('what waits is bounded', () => {
  const queue = new InputQueue(device(0).write, new ManualClock())
  expect(queue.push(Buffer.alloc(MAX_QUEUED_INPUT_BYTES))).toBe(true)
  expect(queue.push(Buffer.from('x'))).toBe(false)
  queue[Symbol.dispose]()
})
