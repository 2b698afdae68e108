import { stripVTControlCharacters } from 'node:util'

const MAXIMUM_REASON_CHARACTERS = 2000

/** Output as text to show: no colours, no control codes. */
export function readable(output: string): string {
  return stripVTControlCharacters(output)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim()
}

/** The end of a text, where a script says what is wrong, in as many characters as a sentence on the page may have. */
export function lastPart(text: string): string {
  return text.length <= MAXIMUM_REASON_CHARACTERS ? text : `…${text.slice(-MAXIMUM_REASON_CHARACTERS)}`
}
