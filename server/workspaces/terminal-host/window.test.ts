import { expect, test } from 'vitest'
import { WINDOW_HIGH_BYTES, WINDOW_LOW_BYTES } from '../../../protocol/live.ts'
import { ViewerWindow } from './window.ts'

test('closes at the high mark and opens below the low one', () => {
  const window = new ViewerWindow(1000)
  expect(window.room).toBe(WINDOW_HIGH_BYTES)
  window.advance(WINDOW_HIGH_BYTES)
  expect([window.room, window.full]).toEqual([0, true])
  window.acknowledge(1000 + WINDOW_HIGH_BYTES - WINDOW_LOW_BYTES)
  expect(window.full).toBe(true)
  window.acknowledge(1000 + WINDOW_HIGH_BYTES - WINDOW_LOW_BYTES + 1)
  expect([window.full, window.room]).toEqual([false, WINDOW_HIGH_BYTES - WINDOW_LOW_BYTES + 1])
})

test('an acknowledgement of what was never sent opens nothing', () => {
  const window = new ViewerWindow(0)
  window.advance(10)
  window.acknowledge(1_000_000)
  expect(window.room).toBe(WINDOW_HIGH_BYTES)
  window.acknowledge(3)
  expect(window.room).toBe(WINDOW_HIGH_BYTES)
})
