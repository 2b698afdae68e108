import type { NewObject } from '../../kubernetes/index.ts'

/** A resource, from the cluster or from a file. */
export interface AnalyzedResource {
  object: NewObject
  /** Absent for what comes from the cluster. */
  file?: string
  lineOf(path: readonly (string | number)[]): number
}

/** Everything that is analyzed at once. */
export interface World {
  of(kind: string): readonly AnalyzedResource[]
  /** False with `--use-kube=false`: then analyzers that need to see all of a cluster do not run. */
  readonly live: boolean
}

export type Report = (
  code: string,
  level: 'Info' | 'Warning' | 'Error',
  resource: AnalyzedResource,
  text: string,
  path?: readonly (string | number)[],
) => void

export interface Analyzer {
  name: string
  /** Needs kinds that files alone cannot be trusted to hold all of. */
  needsCluster: boolean
  run(world: World, report: Report): void
}

/** A file's resource replaces the cluster's of the same name. */
export function createWorld(cluster: readonly NewObject[], files: readonly AnalyzedResource[], live: boolean): World {
  const byKind = new Map<string, Map<string, AnalyzedResource>>()
  const put = (resource: AnalyzedResource, seen?: Set<string>): void => {
    const { kind, metadata } = resource.object
    const all = byKind.get(kind) ?? new Map<string, AnalyzedResource>()
    const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
    // Of two in files the first counts.
    if (seen?.has(`${kind} ${name}`) === true) return
    seen?.add(`${kind} ${name}`)
    all.set(name, resource)
    byKind.set(kind, all)
  }
  for (const object of cluster) put({ object, lineOf: () => 0 })
  const seen = new Set<string>()
  for (const resource of files) put(resource, seen)
  return { live, of: (kind) => [...(byKind.get(kind)?.values() ?? [])] }
}

export function namespaceOf({ object }: AnalyzedResource): string {
  return object.metadata.namespace ?? ''
}

/** `namespace/name` */
export function fullName({ object }: AnalyzedResource): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`
}

/** Whether all wanted labels are there; no wanted labels fit everything. */
export function hasLabels(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value)
}

/** `app=a,version=v1`, keys in order. */
export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}
