/** What a program said last, which is why it gave up, as a part of a sentence; undefined when it said nothing. */
export function lastWords(text: string): string | undefined {
  const line = text.split('\n').findLast((each) => each.trim() !== '')
  return line?.trim().replace(/[.?!]$/, '')
}
