import {
  ApiError,
  type Api,
  type KubeObject,
  type NewObject,
  type ResourceName,
  type User,
  type WatchEvent,
  type WriteOptions,
} from '../kubernetes/index.ts'
import { copyTree, type ServedResource } from '../schema/index.ts'
import { storageName } from './catalog.ts'
import type { Kernel, WriteContext } from './kernel.ts'
import { apply } from './write/apply.ts'
import { create } from './write/create.ts'
import { bind } from './write/binding.ts'
import { remove } from './write/remove.ts'
import { update } from './write/update.ts'

const system: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }

function contextOf(options: WriteOptions & { subresource?: string } = {}): WriteContext {
  return {
    user: options.user ?? system,
    manager: options.manager ?? 'kube-controller-manager',
    dryRun: options.dryRun ?? false,
    fieldValidation: 'Ignore',
    warn: () => {},
    ...(options.subresource !== undefined && { subresource: options.subresource }),
  }
}

function place(resource: ServedResource, namespace: string | undefined, name: string): string {
  return resource.namespaced ? `${namespace ?? 'default'}/${name}` : name
}

/** The API in process: the same writes as over HTTP, without authorization and without a wire. */
export function localApi(kernel: Kernel): Api {
  const { store, catalog } = kernel
  const served = (name: ResourceName): ServedResource => {
    const resource = catalog.named(name)
    if (resource === undefined)
      throw new ApiError(404, 'NotFound', `the server could not find the requested resource: ${name}`)
    return resource
  }
  const servedKind = (object: NewObject): ServedResource => {
    const resource = catalog.ofKind(object.apiVersion, object.kind)
    if (resource === undefined)
      throw new ApiError(404, 'NotFound', `no matches for kind "${object.kind}" in version "${object.apiVersion}"`)
    return resource
  }
  const copy = (object: NewObject): NewObject => copyTree(object)

  const api: Api = {
    resource: (name) => catalog.named(name),

    get(name, namespace, objectName) {
      const resource = catalog.named(name)
      return resource && store.get(storageName(resource), place(resource, namespace, objectName))
    },

    list(name, { namespace, labels } = {}) {
      const resource = catalog.named(name)
      if (resource === undefined) return []
      const found: KubeObject[] = []
      for (const object of store.values(storageName(resource)))
        if ((namespace === undefined || object.metadata.namespace === namespace) && hasLabels(object, labels))
          found.push(object)
      return found
    },

    create(object, options) {
      const copied = copy(object)
      return create(kernel, servedKind(object), object.metadata.namespace, copied, contextOf(options))
    },

    update(object, options = {}) {
      const resource = servedKind(object)
      if (options.subresource === 'binding')
        return bind(kernel, object, contextOf({ ...options, subresource: 'binding' }))
      const key = place(resource, object.metadata.namespace, object.metadata.name ?? '')
      return update(kernel, resource, key, { change: () => copy(object) }, contextOf(options))
    },

    async mutate(name, namespace, objectName, change, options) {
      const resource = catalog.named(name)
      if (resource === undefined) return undefined
      const key = place(resource, namespace, objectName)
      try {
        const changed = (current: KubeObject): NewObject | undefined => {
          const draft = copyTree(current)
          if (change(draft) === false) return undefined
          // Without a version the write is tried again when another came between, on what that one left.
          const { resourceVersion: _read, ...metadata } = draft.metadata
          return { ...draft, metadata }
        }
        return await update(kernel, resource, key, { change: changed }, contextOf(options))
      } catch (error) {
        if (
          error instanceof ApiError &&
          error.reason === 'NotFound' &&
          store.get(storageName(resource), key) === undefined
        )
          return undefined
        throw error
      }
    },

    async apply(object, options) {
      const resource = servedKind(object)
      const key = place(resource, object.metadata.namespace, object.metadata.name ?? '')
      return (await apply(kernel, resource, key, copy(object), { force: true }, contextOf(options))).object
    },

    async delete(name, namespace, objectName, options = {}) {
      const resource = served(name)
      const { gracePeriodSeconds, propagation, uid } = options
      try {
        await remove(
          kernel,
          resource,
          place(resource, namespace, objectName),
          {
            ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
            ...(propagation !== undefined && { propagationPolicy: propagation }),
            ...(uid !== undefined && { preconditions: { uid } }),
          },
          contextOf(options),
        )
      } catch (error) {
        if (error instanceof ApiError && error.reason === 'NotFound') return
        throw error
      }
    },

    watch: (name, listener) => watchLocally(kernel, name, listener),
  }
  return api
}

function hasLabels(object: KubeObject, labels: Record<string, string> | undefined): boolean {
  if (labels === undefined) return true
  const own = object.metadata.labels
  return Object.entries(labels).every(([key, value]) => own?.[key] === value)
}

/** Subscribing by the storage name works before a custom resource is served: nothing can be stored until then. */
function watchLocally(kernel: Kernel, name: ResourceName, listener: (event: WatchEvent) => void): Disposable {
  const stored = name === 'events.events.k8s.io' ? 'events' : name
  for (const object of kernel.store.values(stored)) listener({ type: 'ADDED', object })
  return kernel.store.subscribe(stored, ({ type, object, previous }) =>
    listener({ type, object, ...(previous && { previous }) }),
  )
}
