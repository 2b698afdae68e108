import { createWorkQueue, type Api, type Clock, type NewObject, type WatchEvent } from '../kubernetes/index.ts'
import { apiServerPort, nodeAddress } from '../network/index.ts'
import { bootstrapRoles } from './bootstrap-roles.ts'

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

const kubernetesService: NewObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
  spec: {
    clusterIP: '10.96.0.1',
    clusterIPs: ['10.96.0.1'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiServerPort }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
  },
}

const endpointPorts = [{ name: 'https', port: apiServerPort, protocol: 'TCP' }]

/** Where the server itself is found (controlplane `pkg/controlplane/reconcilers`). */
const kubernetesEndpoints: NewObject = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
  },
  subsets: [{ addresses: [{ ip: nodeAddress }], ports: endpointPorts }],
}

const kubernetesSlice: NewObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
  ports: endpointPorts,
}

/** A real API server looks after 10 and 60 seconds; a learner need not wait so long for what they deleted by mistake. */
const REPAIR_MILLISECONDS = 1000

async function ensure(api: Api, object: NewObject, resource: string): Promise<void> {
  if (api.get(resource, object.metadata.namespace, object.metadata.name ?? '') === undefined)
    await api.create(object, { manager: 'kube-apiserver' })
}

async function ensureOwn(api: Api): Promise<void> {
  for (const name of namespaces)
    await ensure(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, 'namespaces')
  await ensure(api, kubernetesService, 'services')
  await ensure(api, kubernetesEndpoints, 'endpoints')
  await ensure(api, kubernetesSlice, 'endpointslices.discovery.k8s.io')
}

/** Objects that every cluster has from its first moment. What is there already is left alone. */
export async function bootstrap(api: Api): Promise<void> {
  await ensureOwn(api)
  for (const object of bootstrapRoles())
    await ensure(api, object, `${object.kind.toLowerCase()}s.rbac.authorization.k8s.io`)
}

/** Makes the server's own namespaces and Service anew when somebody deletes them, as its system namespaces controller does. */
export function keepOwnObjects({
  api,
  clock,
  report,
}: {
  api: Api
  clock: Clock
  report?: (error: unknown, where: string) => void
}): Disposable {
  const queue = createWorkQueue({ clock, report, reconcile: () => ensureOwn(api) })
  const watch = ({ type, object: { metadata } }: WatchEvent): void => {
    const isOwn =
      metadata.namespace === undefined
        ? namespaces.includes(metadata.name)
        : metadata.namespace === 'default' && metadata.name === kubernetesService.metadata.name
    if (type === 'DELETED' && isOwn) queue.addAfter('own', REPAIR_MILLISECONDS)
  }
  const watches = ['namespaces', 'services', 'endpoints', 'endpointslices.discovery.k8s.io'].map((name) =>
    api.watch(name, watch),
  )
  return {
    [Symbol.dispose]() {
      for (const each of watches) each[Symbol.dispose]()
      queue[Symbol.dispose]()
    },
  }
}
