import type { NewObject } from '../../../kubernetes/index.ts'
import { objectLabels, revisionSuffix } from './labels.ts'
import type { InstallSettings } from './settings.ts'

interface PolicyRule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

const read = ['get', 'list', 'watch']
const write = ['create', 'get', 'list', 'watch', 'update', 'patch', 'delete']
const grant = (group: string, resources: string[], verbs: string[]): PolicyRule => ({
  apiGroups: [group],
  resources,
  verbs,
})

const istioGroups = [
  'extensions.istio.io',
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
  'rbac.istio.io',
  'config.istio.io',
  'authentication.istio.io',
]

/** What istiod itself needs: its configuration, the cluster's services, its webhooks, tokens and its status writes. */
const istiodRules: PolicyRule[] = [
  grant('admissionregistration.k8s.io', ['mutatingwebhookconfigurations'], ['get', 'list', 'watch', 'update', 'patch']),
  grant('admissionregistration.k8s.io', ['validatingwebhookconfigurations'], ['get', 'list', 'watch', 'update']),
  { apiGroups: istioGroups, resources: ['*'], verbs: read },
  grant('networking.istio.io', ['workloadentries'], write),
  grant('networking.istio.io', ['workloadentries/status', 'serviceentries/status'], write),
  grant('security.istio.io', ['authorizationpolicies/status'], write),
  grant('', ['services/status'], write),
  grant('apiextensions.k8s.io', ['customresourcedefinitions'], read),
  grant('', ['pods', 'nodes', 'services', 'namespaces', 'endpoints'], read),
  grant('discovery.k8s.io', ['endpointslices'], read),
  grant('networking.k8s.io', ['ingresses', 'ingressclasses'], read),
  grant('networking.k8s.io', ['ingresses/status'], ['*']),
  grant('', ['configmaps'], ['create', 'get', 'list', 'watch', 'update']),
  grant('', ['secrets'], read),
  grant('authentication.k8s.io', ['tokenreviews'], ['create']),
  grant('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
  grant('multicluster.x-k8s.io', ['serviceexports'], write),
  grant('multicluster.x-k8s.io', ['serviceimports'], read),
]

const gatewayControllerRules: PolicyRule[] = [
  grant('apps', ['deployments'], write),
  grant('autoscaling', ['horizontalpodautoscalers'], write),
  grant('policy', ['poddisruptionbudgets'], write),
  grant('', ['services'], write),
  grant('', ['serviceaccounts'], write),
]

const readerRules: PolicyRule[] = [
  { apiGroups: istioGroups, resources: ['*'], verbs: read },
  grant('', ['endpoints', 'pods', 'services', 'nodes', 'replicationcontrollers', 'namespaces', 'secrets'], read),
  grant('discovery.k8s.io', ['endpointslices'], read),
  grant('apps', ['replicasets'], read),
  grant('apiextensions.k8s.io', ['customresourcedefinitions'], read),
  grant('authentication.k8s.io', ['tokenreviews'], ['create']),
  grant('authorization.k8s.io', ['subjectaccessreviews'], ['create']),
]

const istiodNamespaceRules: PolicyRule[] = [
  grant('networking.istio.io', ['gateways'], ['create']),
  grant('', ['secrets'], ['create', 'get', 'watch', 'list', 'update', 'delete']),
  grant('', ['configmaps'], ['delete']),
  grant('coordination.k8s.io', ['leases'], ['get', 'update', 'patch', 'create']),
]

const group = 'rbac.authorization.k8s.io'

/** Cluster roles, roles and their bindings of istiod. */
export function istiodRbac(settings: InstallSettings): NewObject[] {
  const suffix = revisionSuffix(settings)
  const istiod = objectLabels(settings, { component: 'Pilot', chart: 'istiod', name: 'istiod', app: 'istiod' })
  const reader = objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istio-reader',
    app: 'istio-reader',
  })
  const account = `istiod${suffix}`
  const cluster = (name: string, labels: Record<string, string>, rules: PolicyRule[], subject: string): NewObject[] => {
    const full = `${name}${suffix}-${settings.namespace}`
    return [
      { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name: full, labels }, rules },
      {
        apiVersion: `${group}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: full, labels },
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: full },
        subjects: [{ kind: 'ServiceAccount', name: subject, namespace: settings.namespace }],
      },
    ]
  }
  return [
    ...cluster('istiod-clusterrole', istiod, istiodRules, account),
    ...cluster('istiod-gateway-controller', istiod, gatewayControllerRules, account),
    ...cluster('istio-reader-clusterrole', reader, readerRules, 'istio-reader-service-account'),
    ...namespacedRole(settings, account, istiod, istiodNamespaceRules, account),
  ]
}

/** A role and its binding of one name. */
export function namespacedRole(
  settings: InstallSettings,
  name: string,
  labels: Record<string, string>,
  rules: PolicyRule[],
  serviceAccount: string,
): NewObject[] {
  const metadata = { name, namespace: settings.namespace, labels }
  return [
    { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount }],
    },
  ]
}
