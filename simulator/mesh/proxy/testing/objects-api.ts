import { parseAllDocuments } from 'yaml'
import type { Api, KubeObject, WatchEvent } from '../../../kubernetes/index.ts'

const PLURALS: Record<string, string> = {
  Pod: 'pods',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  PeerAuthentication: 'peerauthentications.security.istio.io',
  RequestAuthentication: 'requestauthentications.security.istio.io',
  AuthorizationPolicy: 'authorizationpolicies.security.istio.io',
  VirtualService: 'virtualservices.networking.istio.io',
  DestinationRule: 'destinationrules.networking.istio.io',
  Gateway: 'gateways.networking.istio.io',
  ServiceEntry: 'serviceentries.networking.istio.io',
  Sidecar: 'sidecars.networking.istio.io',
  Telemetry: 'telemetries.telemetry.istio.io',
}

/** Objects without an API server: what the mesh reads and watches, as these tests put it. */
export class ObjectsApi {
  readonly #objects = new Map<string, KubeObject>()
  readonly #listeners: { name: string; listener: (event: WatchEvent) => void }[] = []
  #count = 0

  /** Adds or replaces; later ones are younger, a second each. */
  put(object: KubeObject): KubeObject {
    this.#count += 1
    const at = new Date(Date.UTC(2026, 0, 1) + this.#count * 1000).toISOString().slice(0, 19)
    const stored: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        namespace: object.metadata.namespace ?? 'default',
        creationTimestamp: object.metadata.creationTimestamp ?? `${at}Z`,
        uid: object.metadata.uid ?? `uid-${this.#count}`,
        resourceVersion: String(this.#count),
      },
    }
    const key = `${stored.kind} ${stored.metadata.namespace}/${stored.metadata.name}`
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED'
    this.#objects.set(key, stored)
    this.#tell({ type, object: stored })
    return stored
  }

  /** All documents of a YAML text. */
  apply(text: string): void {
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as KubeObject | null
      if (object !== null) this.put(object)
    }
  }

  remove(kind: string, namespace: string, name: string): void {
    const key = `${kind} ${namespace}/${name}`
    const object = this.#objects.get(key)
    this.#objects.delete(key)
    if (object !== undefined) this.#tell({ type: 'DELETED', object })
  }

  #tell(event: WatchEvent): void {
    for (const { name, listener } of this.#listeners) if (PLURALS[event.object.kind] === name) listener(event)
  }

  /** The part of the Api that the mesh uses; anything else throws. */
  get api(): Api {
    const all = (name: string): KubeObject[] =>
      [...this.#objects.values()].filter((object) => PLURALS[object.kind] === name)
    const api: Partial<Api> = {
      resource: (name) => ({ group: '', version: 'v1', plural: name, kind: name, namespaced: true }),
      get: (name, namespace, objectName) =>
        all(name).find(({ metadata }) => metadata.namespace === namespace && metadata.name === objectName),
      list: (name, { labels = {} } = {}) =>
        all(name).filter((object) =>
          Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value),
        ),
      watch: (name, listener) => {
        const entry = { name, listener }
        for (const object of all(name)) listener({ type: 'ADDED', object })
        this.#listeners.push(entry)
        return { [Symbol.dispose]: () => void this.#listeners.splice(this.#listeners.indexOf(entry), 1) }
      },
    }
    return api as Api
  }
}
