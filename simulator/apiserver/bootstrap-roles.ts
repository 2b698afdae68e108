import type { NewObject } from '../kubernetes/index.ts'
import type { PolicyRule } from './authorization/rbac.ts'

/** The roles and bindings that the API server makes by itself, and those of kubeadm that people meet. */

const all = ['*']
const read = ['get', 'list', 'watch']
const change = ['create', 'delete', 'deletecollection', 'patch', 'update']

const rule = (groups: string, resources: string, verbs: readonly string[]): PolicyRule => ({
  verbs: [...verbs],
  apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)),
  resources: resources.split(' '),
})
const paths = (urls: string): PolicyRule => ({ verbs: ['get'], nonResourceURLs: urls.split(' ') })

/** What `view` may read; `edit` and `admin` include it. */
const viewed: PolicyRule[] = [
  rule(
    'core',
    'bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims persistentvolumeclaims/status ' +
      'pods pods/log pods/status replicationcontrollers replicationcontrollers/scale replicationcontrollers/status resourcequotas ' +
      'resourcequotas/status serviceaccounts services services/status',
    read,
  ),
  rule('discovery.k8s.io', 'endpointslices', read),
  rule(
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale ' +
      'replicasets/status statefulsets statefulsets/scale statefulsets/status',
    read,
  ),
  rule('autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', read),
  rule('batch', 'cronjobs cronjobs/status jobs jobs/status', read),
  rule('policy', 'poddisruptionbudgets poddisruptionbudgets/status', read),
  rule('networking.k8s.io', 'ingresses ingresses/status networkpolicies', read),
  rule('metrics.k8s.io', 'pods nodes', read),
]

/** What `edit` may do beside. */
const edited: PolicyRule[] = [
  rule('core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', read),
  rule('core', 'serviceaccounts', ['impersonate']),
  rule('core', 'pods pods/attach pods/exec pods/portforward pods/proxy', change),
  rule('core', 'pods/eviction', ['create']),
  rule(
    'core',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    change,
  ),
  rule('core', 'serviceaccounts/token', ['create']),
  rule(
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
    change,
  ),
  rule('autoscaling', 'horizontalpodautoscalers', change),
  rule('batch', 'cronjobs jobs', change),
  rule('policy', 'poddisruptionbudgets', change),
  rule('networking.k8s.io', 'ingresses networkpolicies', change),
  rule('coordination.k8s.io', 'leases', [...change, ...read]),
]

const administered: PolicyRule[] = [
  rule('authorization.k8s.io', 'localsubjectaccessreviews', ['create']),
  rule('rbac.authorization.k8s.io', 'rolebindings roles', [...change, ...read]),
]

const roles: Record<string, PolicyRule[]> = {
  'cluster-admin': [rule('*', '*', all), { verbs: ['*'], nonResourceURLs: ['*'] }],
  'system:discovery': [
    paths('/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
  ],
  'system:public-info-viewer': [paths('/healthz /livez /readyz /version /version/')],
  'system:monitoring': [paths('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  'system:basic-user': [
    rule('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', ['create']),
    rule('authentication.k8s.io', 'selfsubjectreviews', ['create']),
  ],
  'system:service-account-issuer-discovery': [
    paths('/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/'),
  ],
  'system:auth-delegator': [
    rule('authentication.k8s.io', 'tokenreviews', ['create']),
    rule('authorization.k8s.io', 'subjectaccessreviews', ['create']),
  ],
  'system:kube-scheduler': [
    rule('core,events.k8s.io', 'events', ['create', 'patch', 'update']),
    rule(
      'core',
      'nodes namespaces pods replicationcontrollers services persistentvolumeclaims persistentvolumes',
      read,
    ),
    rule('core', 'bindings pods/binding', ['create']),
    rule('core', 'pods/status', ['patch', 'update']),
    rule('apps', 'replicasets statefulsets', read),
    rule('policy', 'poddisruptionbudgets', read),
    rule('storage.k8s.io', 'csidrivers csinodes csistoragecapacities storageclasses', read),
    rule('coordination.k8s.io', 'leases', ['create', 'get', 'list', 'update', 'watch']),
  ],
  'system:kube-controller-manager': [
    rule('core', 'events', ['create', 'patch', 'update']),
    rule('core', 'secrets serviceaccounts', ['create', 'delete', 'get', 'update']),
    rule('core', 'serviceaccounts/token', ['create']),
    rule('authentication.k8s.io', 'tokenreviews', ['create']),
    rule('authorization.k8s.io', 'subjectaccessreviews', ['create']),
    rule('coordination.k8s.io', 'leases', ['create', 'get', 'list', 'update', 'watch']),
    rule('*', '*', ['list', 'watch']),
  ],
  'system:kube-dns': [rule('core', 'endpoints services', ['list', 'watch'])],
  'system:coredns': [
    rule('core', 'endpoints services pods namespaces', ['list', 'watch']),
    rule('discovery.k8s.io', 'endpointslices', ['list', 'watch']),
  ],
  'system:node-proxier': [
    rule('core', 'endpoints services', ['list', 'watch']),
    rule('core', 'nodes', read),
    rule('core,events.k8s.io', 'events', ['create', 'patch', 'update']),
    rule('discovery.k8s.io', 'endpointslices', ['list', 'watch']),
  ],
  'system:node': [
    rule('core', 'nodes nodes/status', ['create', ...read, 'patch', 'update']),
    rule('core', 'pods', [...read, 'create', 'delete']),
    rule('core', 'pods/status', ['patch', 'update']),
    rule('core', 'pods/eviction serviceaccounts/token', ['create']),
    rule('core', 'configmaps secrets services persistentvolumeclaims persistentvolumes', read),
    rule('core', 'events', ['create', 'patch', 'update']),
    rule('coordination.k8s.io', 'leases', ['create', 'delete', 'get', 'patch', 'update']),
    rule('authentication.k8s.io', 'tokenreviews', ['create']),
    rule('authorization.k8s.io', 'subjectaccessreviews', ['create']),
  ],
}

const bindings: Record<string, { role: string; subjects: [kind: 'User' | 'Group', name: string][] }> = {
  'cluster-admin': { role: 'cluster-admin', subjects: [['Group', 'system:masters']] },
  'kubeadm:cluster-admins': { role: 'cluster-admin', subjects: [['Group', 'kubeadm:cluster-admins']] },
  'system:discovery': { role: 'system:discovery', subjects: [['Group', 'system:authenticated']] },
  'system:basic-user': { role: 'system:basic-user', subjects: [['Group', 'system:authenticated']] },
  'system:public-info-viewer': {
    role: 'system:public-info-viewer',
    subjects: [
      ['Group', 'system:authenticated'],
      ['Group', 'system:unauthenticated'],
    ],
  },
  'system:monitoring': { role: 'system:monitoring', subjects: [['Group', 'system:monitoring']] },
  'system:service-account-issuer-discovery': {
    role: 'system:service-account-issuer-discovery',
    subjects: [['Group', 'system:serviceaccounts']],
  },
  'system:kube-scheduler': { role: 'system:kube-scheduler', subjects: [['User', 'system:kube-scheduler']] },
  'system:kube-controller-manager': {
    role: 'system:kube-controller-manager',
    subjects: [['User', 'system:kube-controller-manager']],
  },
  'system:node-proxier': { role: 'system:node-proxier', subjects: [['User', 'system:kube-proxy']] },
  'system:node': { role: 'system:node', subjects: [] },
}

const API_GROUP = 'rbac.authorization.k8s.io'
const bootstrapping = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
}
const aggregateTo = (role: string): string => `${API_GROUP}/aggregate-to-${role}`

function clusterRole(name: string, rules: PolicyRule[], labels: Record<string, string> = {}): NewObject {
  const metadata = { name, annotations: bootstrapping.annotations, labels: { ...bootstrapping.labels, ...labels } }
  return { apiVersion: `${API_GROUP}/v1`, kind: 'ClusterRole', metadata, rules }
}

/** A role that is the sum of others: those that carry the label, also ones that are made later. */
function aggregatedRole(name: string, rules: PolicyRule[], labels: Record<string, string> = {}): NewObject {
  const clusterRoleSelectors = [{ matchLabels: { [aggregateTo(name)]: 'true' } }]
  return { ...clusterRole(name, rules, labels), aggregationRule: { clusterRoleSelectors } }
}

export function bootstrapRoles(): NewObject[] {
  return [
    ...Object.entries(roles).map(([name, rules]) => clusterRole(name, rules)),
    clusterRole('system:aggregate-to-view', viewed, { [aggregateTo('view')]: 'true' }),
    clusterRole('system:aggregate-to-edit', edited, { [aggregateTo('edit')]: 'true' }),
    clusterRole('system:aggregate-to-admin', administered, { [aggregateTo('admin')]: 'true' }),
    aggregatedRole('view', viewed, { [aggregateTo('edit')]: 'true' }),
    aggregatedRole('edit', [...edited, ...viewed], { [aggregateTo('admin')]: 'true' }),
    aggregatedRole('admin', [...administered, ...edited, ...viewed]),
    ...Object.entries(bindings).map(([name, { role, subjects }]): NewObject => ({
      apiVersion: `${API_GROUP}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, ...bootstrapping },
      roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: role },
      ...(subjects.length > 0 && {
        subjects: subjects.map(([kind, subject]) => ({ apiGroup: API_GROUP, kind, name: subject })),
      }),
    })),
  ]
}
