/** How Kubernetes' printers write times, selectors and lists. */
import type { Tree } from '../../schema/tree.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

const pair = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`

/** A duration as people read it: `45s`, `3m12s`, `5h7m`, `3d4h`, `2y10d`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / secondMs)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(milliseconds / minuteMs)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(milliseconds / hourMs)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (hours < 24 * 8) return pair(Math.trunc(hours / 24), 'd', hours % 24, 'h')
  const days = Math.trunc(hours / 24)
  if (days < 365 * 2) return `${days}d`
  return days < 365 * 8 ? pair(Math.trunc(days / 365), 'y', days % 365, 'd') : `${Math.trunc(days / 365)}y`
}

/** Time since a timestamp; `<unknown>` when there is none. */
export function since(timestamp: Tree, now: number): string {
  return timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>'
}

/** Labels or an equality selector: `app=a,tier=b`. */
export function formatLabels(labels: Record<string, string> | null | undefined): string {
  const keys = Object.keys(labels ?? {}).sort()
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels?.[key]}`).join(',')
}

const operators: Record<string, (key: string, values: string) => string> = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
}

/** A LabelSelector: `app=a,tier in (x,y),!old`. */
export function formatSelector(selector: Tree): string {
  const parts: [key: string, text: string][] = [
    ...Object.entries<string>(selector?.matchLabels ?? {}).map(([key, value]): [string, string] => [
      key,
      `${key}=${value}`,
    ]),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }: Tree): [string, string] => [
      key,
      operators[operator]?.(key, values.toSorted().join(',')) ?? '<error>',
    ]),
  ]
  if (parts.length === 0) return '<none>'
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',')
}

/** The first few of a list, and how many more there are. */
export function firstOf(list: readonly string[], most: number, none: string, separator = ','): string {
  if (list.length === 0) return none
  const shown = list.slice(0, most).join(separator)
  return list.length > most ? `${shown} + ${list.length - most} more...` : shown
}

/** Names and images of a template's containers, as two cells. */
export function containerCells(podSpec: Tree): [names: string, images: string] {
  const containers: Tree[] = podSpec?.containers ?? []
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')]
}
