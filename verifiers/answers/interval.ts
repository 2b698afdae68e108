/** z of a two-sided 99 % interval. */
const z99 = 2.5758293035489

/**
 * Wilson's score interval of a share, 99 %: it keeps its promise also for small shares, where the plain normal interval does not.
 * @param hits successes of `n` independent trials
 * @returns lower and upper bound, 0 to 1
 */
export function wilson99(hits: number, n: number): { low: number; high: number } {
  const share = hits / n
  const square = z99 * z99
  const centre = share + square / (2 * n)
  const spread = z99 * Math.sqrt((share * (1 - share)) / n + square / (4 * n * n))
  return {
    low: Math.max(0, (centre - spread) / (1 + square / n)),
    high: Math.min(1, (centre + spread) / (1 + square / n)),
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
