import {
  apiVersionOf,
  keyOf,
  type Api,
  type KubeObject,
  type NewObject,
  type Resource,
  type WatchEvent,
} from '../../kubernetes/index.ts'

const served: Readonly<Record<string, Resource>> = {
  pods: { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
  services: { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true },
  endpoints: { group: '', version: 'v1', plural: 'endpoints', kind: 'Endpoints', namespaced: true },
  nodes: { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false },
  namespaces: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  'deployments.apps': { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
  'replicasets.apps': { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true },
  'endpointslices.discovery.k8s.io': {
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    kind: 'EndpointSlice',
    namespaced: true,
  },
  'networkpolicies.networking.k8s.io': {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'networkpolicies',
    kind: 'NetworkPolicy',
    namespaced: true,
  },
}

/** Objects in a map: as much of the API as the network reads, for its tests. */
export class MemoryApi implements Api {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #watches = new Set<{ name: string; listener: (event: WatchEvent) => void }>()
  #serial = 0

  resource(name: string): Resource | undefined {
    return served[name]
  }

  get(name: string, namespace: string | undefined, objectName: string): KubeObject | undefined {
    return this.#objects.get(name)?.get(keyOf({ metadata: { name: objectName, ...(namespace && { namespace }) } }))
  }

  list(name: string, { namespace }: { namespace?: string } = {}): readonly KubeObject[] {
    const all = [...(this.#objects.get(name)?.values() ?? [])]
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace)
  }

  create(object: NewObject, { dryRun = false } = {}): Promise<KubeObject> {
    return Promise.resolve(this.put(object, dryRun))
  }

  put(object: NewObject, dryRun = false): KubeObject {
    const name = Object.entries(served).find(
      ([, r]) => r.kind === object.kind && apiVersionOf(r) === object.apiVersion,
    )?.[0]
    if (name === undefined) throw new Error(`The test's API does not serve ${object.kind}.`)
    const serial = String(++this.#serial)
    const metadata = {
      name: '',
      uid: `uid-${serial}`,
      resourceVersion: serial,
      creationTimestamp: '',
      ...object.metadata,
    }
    const stored = { ...object, metadata } as unknown as KubeObject
    if (dryRun) return stored
    const own = this.#objects.get(name) ?? new Map<string, KubeObject>()
    this.#objects.set(name, own)
    own.set(keyOf(stored), stored)
    for (const watch of this.#watches) if (watch.name === name) watch.listener({ type: 'MODIFIED', object: stored })
    return stored
  }

  watch(name: string, listener: (event: WatchEvent) => void): Disposable {
    const watch = { name, listener }
    this.#watches.add(watch)
    return { [Symbol.dispose]: () => void this.#watches.delete(watch) }
  }

  update(object: NewObject): Promise<KubeObject> {
    return Promise.resolve(this.put(object))
  }

  apply(object: NewObject): Promise<KubeObject> {
    return Promise.resolve(this.put(object))
  }

  mutate(): Promise<undefined> {
    return Promise.reject(new Error('The network does not change objects.'))
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('The network does not delete objects.'))
  }
}
