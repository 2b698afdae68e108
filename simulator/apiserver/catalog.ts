import { qualified, type Resource, type ResourceName } from '../kubernetes/index.ts'
import { builtinResources, type ServedResource } from '../schema/index.ts'

/** Where the objects of a resource are stored: all versions of a resource share one place, and both groups of Event do. */
export function storageName(resource: Pick<Resource, 'group' | 'plural'>): ResourceName {
  return resource.group === 'events.k8s.io' ? 'events' : qualified(resource)
}

/** What is served now: the built-in resources, those of custom resource definitions, and virtual ones. */
export class Catalog {
  readonly #byPath = new Map<string, ServedResource>()
  readonly #byKind = new Map<string, ServedResource>()
  /** Versions of a resource, preferred first. */
  readonly #byName = new Map<ResourceName, ServedResource[]>()
  readonly #listeners = new Set<(name: ResourceName) => void>()
  /** Grows with every change, for ETags. */
  generation = 0

  constructor() {
    for (const resource of builtinResources) this.#insert(resource)
  }

  /** The preferred version of `deployments.apps`. */
  named(name: ResourceName): ServedResource | undefined {
    return this.#byName.get(name)?.[0]
  }

  versions(name: ResourceName): readonly ServedResource[] {
    return this.#byName.get(name) ?? []
  }

  at(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  /** By an object's own words: `apps/v1`, `Deployment`. */
  ofKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.#byKind.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}/${kind}`)
  }

  all(): ServedResource[] {
    return [...this.#byPath.values()]
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.all().some((resource) => resource.group === group && resource.version === version)
  }

  /** Serves these versions of one resource, preferred first, in place of what was served under that name. */
  serve(name: ResourceName, versions: readonly ServedResource[]): void {
    this.#withdraw(name)
    for (const resource of versions) this.#insert(resource)
    this.#changed(name)
  }

  withdraw(name: ResourceName): void {
    this.#withdraw(name)
    this.#changed(name)
  }

  onChange(listener: (name: ResourceName) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #changed(name: ResourceName): void {
    this.generation++
    for (const listener of this.#listeners) listener(name)
  }

  #insert(resource: ServedResource): void {
    const { group, version, plural, kind } = resource
    this.#byPath.set(`${group}/${version}/${plural}`, resource)
    // `kubectl get --raw` and reviews post kinds too; the first resource of a kind is the one that is meant.
    if (!this.#byKind.has(`${group}/${version}/${kind}`)) this.#byKind.set(`${group}/${version}/${kind}`, resource)
    const name = qualified(resource)
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), resource])
  }

  #withdraw(name: ResourceName): void {
    for (const { group, version, plural, kind } of this.versions(name)) {
      this.#byPath.delete(`${group}/${version}/${plural}`)
      this.#byKind.delete(`${group}/${version}/${kind}`)
    }
    this.#byName.delete(name)
  }
}
