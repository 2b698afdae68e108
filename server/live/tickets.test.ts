import { expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { Tickets } from './tickets.ts'

test('a ticket is good once', () => {
  const tickets = new Tickets(new ManualClock())
  const ticket = tickets.issue('s', 'ann')
  expect(tickets.redeem(ticket, 's')).toBe('ann')
  expect(tickets.redeem(ticket, 's')).toBeUndefined()
})

test('a ticket is good for its session alone, and trying another uses it up', () => {
  const tickets = new Tickets(new ManualClock())
  const ticket = tickets.issue('s', 'ann')
  expect(tickets.redeem(ticket, 't')).toBeUndefined()
  expect(tickets.redeem(ticket, 's')).toBeUndefined()
})

test('a ticket is good for half a minute', async () => {
  const clock = new ManualClock()
  const tickets = new Tickets(clock)
  const ticket = tickets.issue('s', 'ann')
  await clock.advance(30_001)
  expect(tickets.redeem(ticket, 's')).toBeUndefined()
})
