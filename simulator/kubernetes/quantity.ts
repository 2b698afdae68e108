const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** Value of a resource quantity in base units (cores, bytes): `100m` is 0.1, `64Mi` 67108864. Absent or malformed: 0. */
export function quantityValue(quantity: string | number | undefined): number {
  if (typeof quantity === 'number') return quantity
  const match = /^([+-]?[0-9.]+)(?:([numkMGTPE]?|[KMGTPE]i)|[eE]([+-]?[0-9]+))$/.exec(quantity ?? '')
  if (match === null) return 0
  const [, digits, suffix = '', exponent] = match
  return Number(digits) * (exponent === undefined ? (factors[suffix] ?? 0) : 10 ** Number(exponent))
}
