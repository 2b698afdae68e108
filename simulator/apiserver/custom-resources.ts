import { timestamp, type Clock, type KubeObject, type ResourceName } from '../kubernetes/index.ts'
import type { ServedResource } from '../schema/index.ts'
import type { Store } from '../storage/index.ts'
import type { Catalog } from './catalog.ts'
import type { PrinterColumn } from './tables/index.ts'

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
/** Custom resources come after all built-in ones. */
const CUSTOM_ORDER = -1

interface Version {
  name: string
  served: boolean
  storage: boolean
  additionalPrinterColumns?: PrinterColumn[]
  subresources?: { status?: object; scale?: ScalePaths }
  selectableFields?: { jsonPath: string }[]
  schema?: { openAPIV3Schema?: Record<string, unknown> }
}

export interface ScalePaths {
  specReplicasPath: string
  statusReplicasPath: string
  labelSelectorPath?: string
}

interface Names {
  plural: string
  singular?: string
  kind: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

interface Spec {
  group: string
  scope: 'Namespaced' | 'Cluster'
  names: Names
  versions: Version[]
}

const keyOfVersion = ({ group, version, plural }: Pick<ServedResource, 'group' | 'version' | 'plural'>): string =>
  `${group}/${version}/${plural}`

/** Serves what CustomResourceDefinitions describe, from the moment they are stored until they are gone. */
export class CustomResources {
  readonly #store: Store
  readonly #catalog: Catalog
  readonly #clock: Clock
  readonly #versions = new Map<string, Version>()
  readonly #subscription: Disposable

  constructor(store: Store, catalog: Catalog, clock: Clock) {
    this.#store = store
    this.#catalog = catalog
    this.#clock = clock
    for (const definition of store.values(DEFINITIONS)) this.#serve(definition)
    this.#subscription = store.subscribe(DEFINITIONS, ({ type, object }) => {
      if (type === 'DELETED') this.#withdraw(object)
      else this.#serve(object)
    })
  }

  /** Printer columns of a custom resource's version; undefined for built-in resources. */
  columns(resource: ServedResource): PrinterColumn[] | undefined {
    const version = this.#versions.get(keyOfVersion(resource))
    return (
      version &&
      (version.additionalPrinterColumns ?? [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }])
    )
  }

  schema(resource: ServedResource): Record<string, unknown> | undefined {
    return this.#versions.get(keyOfVersion(resource))?.schema?.openAPIV3Schema
  }

  scale(resource: ServedResource): ScalePaths | undefined {
    return this.#versions.get(keyOfVersion(resource))?.subresources?.scale
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #serve(definition: KubeObject): void {
    const spec = definition['spec'] as Spec
    const name = definition.metadata.name
    this.#forget(spec)
    // The stored version stands first: it is the one that code in process means.
    const served = spec.versions
      .filter((version) => version.served || version.storage)
      .sort((a, b) => Number(b.storage) - Number(a.storage))
    const resources = served.map((version) => {
      const resource = servedResource(spec, version)
      this.#versions.set(keyOfVersion(resource), version)
      return resource
    })
    this.#catalog.serve(name, resources)
    // Watchers hear of the new definition first, then that it is established.
    if (!isEstablished(definition)) queueMicrotask(() => this.#establish(name))
  }

  #withdraw(definition: KubeObject): void {
    const spec = definition['spec'] as Spec
    this.#forget(spec)
    const name: ResourceName = definition.metadata.name
    for (const object of this.#store.values(name)) {
      const { namespace, name: objectName, resourceVersion } = object.metadata
      this.#store.remove(name, namespace ? `${namespace}/${objectName}` : objectName, resourceVersion)
    }
    this.#catalog.withdraw(name)
  }

  #forget({ group, names, versions }: Spec): void {
    for (const { name } of versions) this.#versions.delete(keyOfVersion({ group, version: name, plural: names.plural }))
  }

  #establish(name: string): void {
    const definition = this.#store.get(DEFINITIONS, name)
    if (definition === undefined || isEstablished(definition)) return
    const spec = definition['spec'] as Spec
    const at = timestamp(this.#clock)
    const { singular = spec.names.kind.toLowerCase(), listKind = `${spec.names.kind}List`, ...names } = spec.names
    const condition = (type: string, reason: string, message: string): object => ({
      type,
      status: 'True',
      lastTransitionTime: at,
      reason,
      message,
    })
    const status = {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: { ...names, singular, listKind },
      storedVersions: spec.versions.filter((version) => version.storage).map((version) => version.name),
    }
    this.#store.put(DEFINITIONS, { ...definition, status }, definition.metadata.resourceVersion)
  }
}

function isEstablished(definition: KubeObject): boolean {
  const conditions = (definition['status']?.conditions ?? []) as { type: string; status: string }[]
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True')
}

function servedResource({ group, scope, names }: Spec, version: Version): ServedResource {
  const response = { group, version: version.name, kind: names.kind }
  const { status, scale } = version.subresources ?? {}
  const changing = ['get', 'patch', 'update']
  return {
    group,
    version: version.name,
    plural: names.plural,
    kind: names.kind,
    namespaced: scope === 'Namespaced',
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs,
    subresources: [
      ...(status ? [{ name: 'status', verbs: changing, response }] : []),
      ...(scale
        ? [{ name: 'scale', verbs: changing, response: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }]
        : []),
    ],
    fieldSelectors: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    order: CUSTOM_ORDER,
  }
}
