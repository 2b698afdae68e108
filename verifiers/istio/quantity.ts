const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** Whether two quantities are the same amount: `0.1` and `100m`, `128Mi` and `134217728`. */
export function sameQuantity(a: string, b: string): boolean {
  const [x, y] = [amount(a), amount(b)]
  return x !== undefined && y !== undefined && Math.abs(x - y) <= 1e-9 * Math.max(x, y)
}

function amount(quantity: string): number | undefined {
  const found = /^([0-9.]+(?:e[0-9]+)?)([a-zA-Z]*)$/.exec(quantity)
  const factor = found && factors[found[2]!]
  return factor == null ? undefined : Number(found![1]) * factor
}
