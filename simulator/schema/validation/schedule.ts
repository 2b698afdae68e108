/** Schedules of CronJobs: five fields, or a descriptor. */
import { invalid, type Cause } from '../causes.ts'

const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const days = 'sun mon tue wed thu fri sat'.split(' ')
const fields: { least: number; most: number; names?: string[] }[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
]

function numberOf(text: string, names: string[] | undefined, least: number): number | string {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  if (index >= 0) return index + least
  return /^\d+$/.test(text)
    ? Number(text)
    : `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
}

function wrongRange(
  text: string,
  { least, most, names }: { least: number; most: number; names?: string[] },
): string | undefined {
  const [range = '', step] = text.split('/')
  if (step !== undefined && !(Number(step) > 0)) return `step of range should be a positive number: ${text}`
  if (range === '*' || range === '?') return undefined
  const [first = '', last = first] = range.split('-')
  const start = numberOf(first, names, least)
  if (typeof start === 'string') return start
  const end = numberOf(last, names, least)
  if (typeof end === 'string') return end
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${text}`
  if (end > most) return `end of range (${end}) above maximum (${most}): ${text}`
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${text}` : undefined
}

function wrongSchedule(schedule: string): string | undefined {
  if (schedule.startsWith('@every '))
    return /^@every (\d+(\.\d+)?(h|m|s|ms))+$/.test(schedule) ? undefined : `failed to parse duration ${schedule}`
  if (schedule.startsWith('@')) return descriptors.has(schedule) ? undefined : `unrecognized descriptor: ${schedule}`
  const parts = schedule.trim().split(/\s+/)
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  for (const [i, part] of parts.entries()) {
    const field = fields[i]
    const wrong =
      field &&
      part
        .split(',')
        .map((range) => wrongRange(range, field))
        .find((text) => text !== undefined)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

export function checkSchedule(schedule: string, path: string): Cause[] {
  const wrong = wrongSchedule(schedule)
  return wrong === undefined ? [] : [invalid(path, schedule, wrong)]
}
