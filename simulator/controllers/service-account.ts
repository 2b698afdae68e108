import { createWorkQueue, keyOf } from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'

const rootConfigMap = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Gives every namespace a ServiceAccount `default` and the cluster's CA, and makes them anew when they are deleted. */
export function serviceAccountController(caCertificate: string): Controller {
  return ({ api, clock, report }) => {
    const reconcile = async (namespace: string): Promise<void> => {
      if (api.get('namespaces', undefined, namespace)?.status?.phase === 'Terminating') return
      if (api.get('namespaces', undefined, namespace) === undefined) return
      if (api.get('serviceaccounts', namespace, 'default') === undefined) {
        await api.create(
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
          { manager },
        )
      }
      const data = { 'ca.crt': caCertificate }
      const metadata = { name: rootConfigMap, namespace, annotations: { 'kubernetes.io/description': description } }
      if (api.get('configmaps', namespace, rootConfigMap) === undefined) {
        await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { manager })
        return
      }
      await api.mutate(
        'configmaps',
        namespace,
        rootConfigMap,
        (current) => {
          if (JSON.stringify(current.data) === JSON.stringify(data)) return false
          current.data = data
        },
        { manager },
      )
    }
    const queue = createWorkQueue({ clock, reconcile, report })
    return together([
      queue,
      api.watch('namespaces', ({ object }) => queue.add(keyOf(object))),
      api.watch('serviceaccounts', ({ type, object }) => {
        if (type === 'DELETED' && object.metadata.name === 'default') queue.add(object.metadata.namespace ?? '')
      }),
      api.watch('configmaps', ({ type, object }) => {
        if (type !== 'ADDED' && object.metadata.name === rootConfigMap) queue.add(object.metadata.namespace ?? '')
      }),
    ])
  }
}
