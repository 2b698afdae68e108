/** Resource quantities: `500m`, `1Gi`, `2e3`. */

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$/
const decimalExponent: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const decimalSuffix = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffix = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const nano = 1_000_000_000n

/** A number in billionths, and the way it was written. */
export interface Quantity {
  nanos: bigint
  form: 'decimal' | 'binary' | 'exponent'
}

/** Parses a quantity; undefined when the text is none. What is finer than a billionth is rounded up, away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const binary = binarySuffix.indexOf(suffix)
  const isExponent = /^[eE][+-]?\d/.test(suffix)
  const exponent = (isExponent ? Number(suffix.slice(1)) : (decimalExponent[suffix] ?? 0)) - fraction.length + 9
  if (Math.abs(exponent) > 400) return undefined
  const scaled = digits * (binary > 0 ? 1024n ** BigInt(binary) : 1n)
  const nanos = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : divideUp(scaled, 10n ** BigInt(-exponent))
  return { nanos: sign === '-' ? -nanos : nanos, form: binary > 0 ? 'binary' : isExponent ? 'exponent' : 'decimal' }
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}

function formatDecimal(nanos: bigint, exponentForm: boolean): string {
  let value = nanos
  let exponent = -9
  while (value !== 0n && exponent < 18 && value % 1000n === 0n) {
    value /= 1000n
    exponent += 3
  }
  if (exponentForm) return exponent === 0 ? `${value}` : `${value}e${exponent}`
  return `${value}${decimalSuffix[exponent / 3 + 3]}`
}

/** The text that Kubernetes writes for a quantity. */
export function formatQuantity({ nanos, form }: Quantity): string {
  if (nanos === 0n) return '0'
  const whole = nanos / nano
  if (form !== 'binary' || nanos % nano !== 0n || (whole > -1024n && whole < 1024n))
    return formatDecimal(nanos, form === 'exponent')
  let value = whole
  let power = 0
  while (power < 6 && value % 1024n === 0n) {
    value /= 1024n
    power += 1
  }
  return `${value}${binarySuffix[power]}`
}

/** The canonical text of a quantity; undefined when the text is none. */
export function canonicalQuantity(text: string): string | undefined {
  if (/^[1-9]\d{0,2}(m|Ki|Mi|Gi)?$/.test(text)) return text
  const quantity = parseQuantity(text)
  return quantity && formatQuantity(quantity)
}

/** Negative, zero or positive, as a is less than, equal to or more than b. Texts that are no quantities count as zero. */
export function compareQuantities(a: string, b: string): number {
  const difference = (parseQuantity(a)?.nanos ?? 0n) - (parseQuantity(b)?.nanos ?? 0n)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
