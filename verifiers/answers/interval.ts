/**
 * Wilson's score interval of a share: it keeps its promise also for small shares, where the plain normal interval does not.
 * @param hits successes of `n` independent trials
 * @param z how many standard deviations wide on either side: 2.576 for 99 %
 * @returns lower and upper bound, 0 to 1
 */
export function wilson(hits: number, n: number, z: number): { low: number; high: number } {
  const share = hits / n
  const square = z * z
  const centre = share + square / (2 * n)
  const spread = z * Math.sqrt((share * (1 - share)) / n + square / (4 * n * n))
  return {
    low: Math.max(0, (centre - spread) / (1 + square / n)),
    high: Math.min(1, (centre + spread) / (1 + square / n)),
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
