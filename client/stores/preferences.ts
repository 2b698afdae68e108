import { effect, type Signal, signal } from '@preact/signals'

/** A value that this browser remembers; where it cannot (private windows), it lasts as long as the page. */
export function remembered<T>(name: string, initial: T, valid: (value: unknown) => value is T): Signal<T> {
  const key = `labwright.${name}`
  let first = initial
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (valid(kept)) first = kept
  } catch {
    // No storage, or a broken value in it.
  }
  const value = signal(first)
  effect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(value.value))
    } catch {
      // Not remembered, then.
    }
  })
  return value
}

export type Theme = 'system' | 'light' | 'dark'
export const theme = remembered<Theme>(
  'theme',
  'system',
  (value) => value === 'system' || value === 'light' || value === 'dark',
)

export const MIN_LESSON_PERCENT = 25
export const MAX_LESSON_PERCENT = 75
/** Share of the lesson in the page's width, in percent. */
export const lessonPercent = remembered<number>(
  'lesson-percent',
  46,
  (value): value is number => typeof value === 'number' && value >= MIN_LESSON_PERCENT && value <= MAX_LESSON_PERCENT,
)
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
/** The notes about this machine that were dismissed. */
export const notesRead = remembered<string>('notes-read', '', (value) => typeof value === 'string')
export const lessonFolded = remembered<boolean>('lesson-folded', false, isBoolean)
export const screenReader = remembered<boolean>('screen-reader', false, isBoolean)
