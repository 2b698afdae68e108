/** Small rules that many kinds share. Each gives the causes found at a path. */
import { duplicate, invalid, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { percent, type TextRule } from './names.ts'

/** Every element of a list by a rule, with its path. */
export function each(list: Tree, path: string, rule: (item: Tree, path: string, index: number) => Cause[]): Cause[] {
  return Array.isArray(list) ? list.flatMap((item: Tree, i) => rule(item, `${path}[${i}]`, i)) : []
}

/** A text that must obey a rule of names. */
export function textObeys(text: Tree, path: string, rule: TextRule): Cause[] {
  return rule(String(text ?? '')).map((sentence) => invalid(path, text ?? '', sentence))
}

/** Absent is fine; present must obey. */
export const optionalText = (text: Tree, path: string, rule: TextRule): Cause[] =>
  text ? textObeys(text, path, rule) : []

export const requiredText = (text: Tree, path: string, rule?: TextRule): Cause[] =>
  text ? (rule ? textObeys(text, path, rule) : []) : [required(path)]

export function notNegative(value: Tree, path: string): Cause[] {
  return typeof value === 'number' && value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : []
}

export function within(value: Tree, path: string, least: number, most: number): Cause[] {
  if (typeof value !== 'number' || (value >= least && value <= most)) return []
  return [invalid(path, value, `must be between ${least} and ${most}, inclusive`)]
}

export const portNumber = (value: Tree, path: string): Cause[] => within(value ?? 0, path, 1, 65535)

export function oneOf(value: Tree, path: string, allowed: readonly string[]): Cause[] {
  return allowed.includes(value) ? [] : [notSupported(path, value ?? '', allowed)]
}

export function unique(list: Tree[], path: string, keyOf: (item: Tree) => Tree = (item) => item, suffix = ''): Cause[] {
  const seen = new Set<string>()
  return list.flatMap((item, i) => {
    const key = JSON.stringify(keyOf(item))
    if (key === undefined || key === '""') return []
    if (seen.has(key)) return [duplicate(`${path}[${i}]${suffix}`, keyOf(item))]
    seen.add(key)
    return []
  })
}

/** A number that is not negative, or a percentage. */
export function numberOrPercent(value: Tree, path: string): Cause[] {
  if (typeof value === 'string') return textObeys(value, path, percent)
  return notNegative(value, path)
}

/** A percentage must not be above 100. */
export function atMostAll(value: Tree, path: string): Cause[] {
  const match = typeof value === 'string' ? /^(\d+)%$/.exec(value) : null
  return match && Number(match[1]) > 100 ? [invalid(path, value, 'must not be greater than 100%')] : []
}

export const immutable = (value: Tree, path: string): Cause => invalid(path, value ?? null, 'field is immutable')
