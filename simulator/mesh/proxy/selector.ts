import type { KubeObject } from '../../kubernetes/index.ts'

/** True when the labels hold every wanted pair; no wanted pairs: true. */
export function selects(
  wanted: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (wanted === undefined) return true
  for (const key in wanted) if (labels[key] !== wanted[key]) return false
  return true
}

/** True when the selector is absent or names no label: the object then speaks for the whole namespace. */
export function isBlank(wanted: Readonly<Record<string, string>> | undefined): boolean {
  return wanted === undefined || Object.keys(wanted).length === 0
}

/** Oldest first; of the same second, by name and namespace. Source: pilot/pkg/model `sortConfigByCreationTime`. */
export function oldestFirst(a: KubeObject, b: KubeObject): number {
  const byTime = a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp)
  if (byTime !== 0) return byTime
  const nameOf = (object: KubeObject): string => `${object.metadata.name}.${object.metadata.namespace ?? ''}`
  return nameOf(a) < nameOf(b) ? -1 : 1
}
