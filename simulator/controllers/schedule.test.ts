import { expect, test } from 'vitest'
import { nextTime, parseSchedule } from './schedule.ts'

const at = (text: string): number => Date.parse(`${text}:00Z`)

test.each([
  ['*/5 * * * *', '2026-01-01T00:01', '2026-01-01T00:05'],
  ['0 3 * * *', '2026-01-01T03:00', '2026-01-02T03:00'],
  ['30 9 * * mon-fri', '2026-01-02T10:00', '2026-01-05T09:30'],
  ['0 0 1 jan *', '2026-02-01T00:00', '2027-01-01T00:00'],
  ['0 0 13 * 5', '2026-01-10T00:00', '2026-01-13T00:00'],
  ['@hourly', '2026-01-01T00:30', '2026-01-01T01:00'],
])('%s after %s is %s', (text, after, expected) => {
  const schedule = parseSchedule(text)
  expect(schedule && nextTime(schedule, at(after))).toBe(at(expected))
})

test('a time zone moves the hour', () => {
  const schedule = parseSchedule('0 12 * * *')
  expect(schedule && nextTime(schedule, at('2026-01-01T00:00'), 'Europe/Berlin')).toBe(at('2026-01-01T11:00'))
})

test.each(['', '* * * *', '61 * * * *', '5-1 * * * *', 'x * * * *'])('"%s" is no schedule', (text) => {
  expect(parseSchedule(text)).toBeUndefined()
})
