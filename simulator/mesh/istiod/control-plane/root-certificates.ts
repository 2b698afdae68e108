import { createWorkQueue, type KubeObject } from '../../../kubernetes/index.ts'
import { istiodManager, type ControlPlaneContext } from './context.ts'

/** istiod writes into every namespace but those that hold no workloads. */
const leftOut: readonly string[] = ['kube-public', 'kube-node-lease']

const labels = { 'istio.io/config': 'true' }

/** Keeps istio-ca-root-cert and istio-ca-crl in every namespace, and puts them right when they are changed or deleted. */
export function keepRootCertificates({ api, clock, authority, log }: ControlPlaneContext): Disposable {
  const wanted: Record<string, Record<string, string>> = {
    'istio-ca-root-cert': { 'root-cert.pem': authority.rootCertificate },
    'istio-ca-crl': { 'ca-crl.pem': '' },
  }
  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const data = wanted[name]
    const home = api.get('namespaces', undefined, namespace)
    if (data === undefined || home === undefined || home.metadata.deletionTimestamp !== undefined) return
    const there = api.get('configmaps', namespace, name)
    if (there === undefined) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data }
      await api.create(object, { manager: istiodManager })
    } else if (differs(there, data)) {
      const change = (object: KubeObject): void => {
        object['data'] = { ...object['data'], ...data }
      }
      await api.mutate('configmaps', namespace, name, change, { manager: istiodManager })
    }
  }
  const queue = createWorkQueue({
    clock,
    reconcile,
    report: (error, key) => log(`root certificate of ${key}: ${String(error)}`),
  })
  const watches = [
    api.watch('namespaces', ({ type, object }) => {
      if (type === 'DELETED' || leftOut.includes(object.metadata.name)) return
      for (const name of Object.keys(wanted)) queue.add(`${object.metadata.name}/${name}`)
    }),
    api.watch('configmaps', ({ object }) => {
      const { namespace = '', name } = object.metadata
      if (wanted[name] !== undefined && !leftOut.includes(namespace)) queue.add(`${namespace}/${name}`)
    }),
  ]
  return {
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
      queue[Symbol.dispose]()
    },
  }
}

function differs(object: KubeObject, data: Record<string, string>): boolean {
  return Object.entries(data).some(([key, value]) => object['data']?.[key] !== value)
}
