/** Formats of strings that structural schemas check; all other formats are accepted. */
const duration = /^-?\d+(\.\d+)?\s*(ns|us|µs|μs|ms|s|m|h|d|w|[a-z]+)(\s*-?\d+(\.\d+)?\s*[a-zµμ]+)*$/i
const durationUnits = new Set(
  'ns nano nanos nanosecond nanoseconds us µs micro micros microsecond microseconds ms milli millis millisecond milliseconds s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days w wk wks week weeks'.split(
    ' ',
  ),
)

const checks: Record<string, (text: string) => boolean> = {
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?$/.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: (text) =>
    duration.test(text) && [...text.matchAll(/[a-zµμ]+/gi)].every(([unit]) => durationUnits.has(unit.toLowerCase())),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  ipv4: (text) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) < 256),
  ipv6: (text) => /^[0-9a-f:.]+$/i.test(text) && text.includes(':'),
  cidr: (text) => /^[0-9a-f:.]+\/\d{1,3}$/i.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  hostname: (text) =>
    /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(text),
  uri: (text) => /^[a-z][a-z0-9+.-]*:|^\//i.test(text),
  mac: (text) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text),
}

export function matchesFormat(format: string, text: string): boolean {
  return checks[format]?.(text) ?? true
}
