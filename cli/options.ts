/** A whole number that was given to an option. @throws an Error with a sentence */
export function wholeNumber(option: string, text: string, { lowest = 0, highest }: Range): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= lowest && number <= highest) return number
  throw new Error(`${option} takes a whole number from ${lowest} to ${highest}, not "${text}".`)
}

interface Range {
  lowest?: number
  highest: number
}

/** Of clusters' seeds: 32 bits. */
export const HIGHEST_SEED = 2 ** 32 - 1
