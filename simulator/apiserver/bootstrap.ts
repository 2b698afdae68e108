import type { Api, NewObject } from '../kubernetes/index.ts'
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
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
  },
}

/** Objects that every cluster has from its first moment. What is there already is left alone. */
export async function bootstrap(api: Api): Promise<void> {
  const ensure = async (object: NewObject, resource: string): Promise<void> => {
    if (api.get(resource, object.metadata.namespace, object.metadata.name ?? '') === undefined)
      await api.create(object, { manager: 'kube-apiserver' })
  }
  for (const name of namespaces) await ensure({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, 'namespaces')
  await ensure(kubernetesService, 'services')
  for (const object of bootstrapRoles()) await ensure(object, `${object.kind.toLowerCase()}s.rbac.authorization.k8s.io`)
}
