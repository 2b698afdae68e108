/** How many spare clusters of a lab are wanted, always or at a time of the day. */
export interface SpareRule {
  lab: string
  size: number
  /** Minutes since local midnight; a time that ends before it begins goes over midnight. */
  between?: { from: number; to: number }
}

const RULE = /^([\w-]+)=(\d{1,3})(?:@(\d\d?):(\d\d)-(\d\d?):(\d\d))?$/
const DAY_MINUTES = 24 * 60

/** Reads `LAB=N` or `LAB=N@HH:MM-HH:MM`; undefined when it is neither. */
export function spareRule(text: string): SpareRule | undefined {
  const match = RULE.exec(text)
  if (match === null) return undefined
  const [, lab = '', size = '', ...times] = match
  if (times[0] === undefined) return { lab, size: Number(size) }
  const [fromHours = 0, fromMinutes = 0, toHours = 0, toMinutes = 0] = times.map(Number)
  const from = fromHours * 60 + fromMinutes
  const to = toHours * 60 + toMinutes
  const isTime = fromMinutes < 60 && toMinutes < 60 && from < DAY_MINUTES && to <= DAY_MINUTES
  return isTime ? { lab, size: Number(size), between: { from, to } } : undefined
}

/** The size wanted at `minute` of the day: the largest of the rules that hold then, else of the lab's rule without a time, else `usual`. */
export function spareSize(rules: readonly SpareRule[], lab: string, minute: number, usual: number): number {
  const own = rules.filter((rule) => rule.lab === lab)
  const timed = own.filter(({ between }) => between !== undefined && holds(between, minute))
  const always = own.filter(({ between }) => between === undefined)
  const sizes = (timed.length > 0 ? timed : always).map(({ size }) => size)
  return sizes.length === 0 ? usual : Math.max(...sizes)
}

function holds({ from, to }: NonNullable<SpareRule['between']>, minute: number): boolean {
  return from <= to ? from <= minute && minute < to : minute >= from || minute < to
}
