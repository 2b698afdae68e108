import { ApiError, forbidden, notFound, type AdmissionPlugin, type Api } from '../kubernetes/index.ts'

/** Namespaces that the cluster cannot do without. */
const immortal = new Set(['default', 'kube-system', 'kube-public'])
const namespaces = { group: '', plural: 'namespaces' }

/** Nothing is made in a namespace that is missing or on its way out, and the first namespaces stay. */
export function namespaceLifecycle(api: Api): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation, subresource }) =>
      (operation === 'CREATE' && subresource === undefined) || operation === 'DELETE',
    mutate({ operation, resource, namespace, name }) {
      if (operation === 'DELETE') {
        if (resource.plural === 'namespaces' && resource.group === '' && immortal.has(name))
          throw forbidden(namespaces, name, 'this namespace may not be deleted')
        return
      }
      if (!resource.namespaced || namespace === undefined) return
      const found = api.get('namespaces', undefined, namespace)
      if (found === undefined) throw notFound(namespaces, namespace)
      if (found.metadata.deletionTimestamp === undefined) return
      const error: ApiError = forbidden(
        resource,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      )
      const message = `namespace ${namespace} is being terminated`
      error.status.details = {
        ...error.status.details,
        causes: [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
      }
      throw error
    },
  }
}
