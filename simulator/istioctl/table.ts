/** Columns of equal width with `gap` spaces between; the last column is not padded unless `padLast`. */
export function table(rows: readonly (readonly string[])[], options: { gap?: number; padLast?: boolean } = {}): string {
  const { gap = 5, padLast = false } = options
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 && !padLast ? cell : cell.padEnd((widths[column] ?? 0) + gap),
        )
        .join(''),
    )
    .map((line) => `${line}\n`)
    .join('')
}
