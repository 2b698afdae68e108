/** Cron schedules: five fields, names, steps, ranges and the @ words. */

const nicknames: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

export interface Schedule {
  minutes: ReadonlySet<number>
  hours: ReadonlySet<number>
  monthDays: ReadonlySet<number>
  months: ReadonlySet<number>
  weekDays: ReadonlySet<number>
  /** With both day fields given, either may match. */
  anyMonthDay: boolean
  anyWeekDay: boolean
}

function field(text: string, low: number, high: number, names: readonly string[] = []): Set<number> | undefined {
  const number = (word: string): number => {
    const at = names.indexOf(word.toLowerCase())
    return at === -1 ? Number(word) : at + (low === 1 ? 1 : 0)
  }
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [from = '', to] = range === '*' || range === '?' ? [String(low), String(high)] : range.split('-')
    const first = number(from)
    const last = to === undefined ? (part.includes('/') ? high : first) : number(to)
    const by = Number(step)
    if (![first, last, by].every(Number.isInteger) || first < low || last > high || first > last || by < 1)
      return undefined
    for (let value = first; value <= last; value += by) found.add(value)
  }
  return found
}

/** Undefined when the text is no schedule. */
export function parseSchedule(text: string): Schedule | undefined {
  const parts = (nicknames[text.trim()] ?? text.trim()).split(/\s+/)
  const [minute, hour, monthDay, month, weekDay] = parts
  if (parts.length !== 5 || !minute || !hour || !monthDay || !month || !weekDay) return undefined
  const minutes = field(minute, 0, 59)
  const hours = field(hour, 0, 23)
  const monthDays = field(monthDay, 1, 31)
  const monthSet = field(month, 1, 12, months)
  const weekDays = field(weekDay, 0, 7, days)
  if (!minutes || !hours || !monthDays || !monthSet || !weekDays) return undefined
  if (weekDays.has(7)) weekDays.add(0)
  const isAny = (word: string): boolean => word.startsWith('*') || word === '?'
  return {
    minutes,
    hours,
    monthDays,
    months: monthSet,
    weekDays,
    anyMonthDay: isAny(monthDay),
    anyWeekDay: isAny(weekDay),
  }
}

interface Fields {
  minute: number
  hour: number
  day: number
  month: number
  weekDay: number
}

function fieldsAt(time: number, format: Intl.DateTimeFormat | undefined): Fields {
  const date = new Date(time)
  if (format === undefined) {
    return {
      minute: date.getUTCMinutes(),
      hour: date.getUTCHours(),
      day: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      weekDay: date.getUTCDay(),
    }
  }
  const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]))
  return {
    minute: Number(parts['minute']),
    hour: Number(parts['hour']) % 24,
    day: Number(parts['day']),
    month: Number(parts['month']),
    weekDay: days.indexOf((parts['weekday'] ?? '').toLowerCase().slice(0, 3)),
  }
}

const minuteMilliseconds = 60_000
const hourMilliseconds = 60 * minuteMilliseconds
const farthestMilliseconds = 5 * 366 * 24 * hourMilliseconds

/** The first time after `after` (milliseconds since 1970) that the schedule names; undefined when there is none in five years. */
export function nextTime(schedule: Schedule, after: number, timeZone?: string): number | undefined {
  const format =
    timeZone === undefined || timeZone === 'UTC' || timeZone === 'Etc/UTC'
      ? undefined
      : new Intl.DateTimeFormat('en-US', {
          timeZone,
          hourCycle: 'h23',
          minute: 'numeric',
          hour: 'numeric',
          day: 'numeric',
          month: 'numeric',
          weekday: 'short',
        })
  let time = Math.floor(after / minuteMilliseconds) * minuteMilliseconds + minuteMilliseconds
  while (time < after + farthestMilliseconds) {
    const at = fieldsAt(time, format)
    const dayMatches =
      schedule.anyMonthDay || schedule.anyWeekDay
        ? schedule.monthDays.has(at.day) && schedule.weekDays.has(at.weekDay)
        : schedule.monthDays.has(at.day) || schedule.weekDays.has(at.weekDay)
    if (!schedule.months.has(at.month) || !dayMatches || !schedule.hours.has(at.hour)) {
      time += (60 - at.minute) * minuteMilliseconds
    } else if (schedule.minutes.has(at.minute)) return time
    else time += minuteMilliseconds
  }
  return undefined
}
