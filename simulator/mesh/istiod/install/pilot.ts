import type { NewObject } from '../../../kubernetes/index.ts'
import { objectLabels, podLabels, revisionOf, revisionSuffix } from './labels.ts'
import { fromField } from './proxy-volumes.ts'
import type { InstallSettings } from './settings.ts'
import { at, flagAt, isTree, textAt, textMap, textOf, type Tree } from './tree.ts'
import { istioHub, istioVersion } from './version.ts'

export const istiodPorts = [
  { port: 15010, name: 'grpc-xds', protocol: 'TCP', targetPort: 15010 },
  { port: 15012, name: 'https-dns', protocol: 'TCP', targetPort: 15012 },
  { port: 443, name: 'https-webhook', protocol: 'TCP', targetPort: 15017 },
  { port: 15014, name: 'http-monitoring', protocol: 'TCP', targetPort: 15014 },
]

const containerPorts = [
  { name: 'http-debug', containerPort: 8080, protocol: 'TCP' },
  { name: 'grpc-xds', containerPort: 15010, protocol: 'TCP' },
  { name: 'tls-xds', containerPort: 15012, protocol: 'TCP' },
  { name: 'https-webhooks', containerPort: 15017, protocol: 'TCP' },
  { name: 'http-monitoring', containerPort: 15014, protocol: 'TCP' },
]

const optionalSecret = (name: string, secretName: string): Tree => ({ name, secret: { secretName, optional: true } })

const volumes: Tree[] = [
  { name: 'local-certs', emptyDir: { medium: 'Memory' } },
  {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43200, path: 'istio-token' } }],
    },
  },
  optionalSecret('cacerts', 'cacerts'),
  optionalSecret('istio-kubeconfig', 'istio-kubeconfig'),
  optionalSecret('istio-csr-dns-cert', 'istiod-tls'),
  {
    name: 'istio-csr-ca-configmap',
    configMap: { name: 'istio-ca-root-cert', defaultMode: 420, optional: true },
  },
]

const volumeMounts: Tree[] = [
  { name: 'istio-token', mountPath: '/var/run/secrets/tokens', readOnly: true },
  { name: 'local-certs', mountPath: '/var/run/secrets/istio-dns' },
  { name: 'cacerts', mountPath: '/etc/cacerts', readOnly: true },
  { name: 'istio-kubeconfig', mountPath: '/var/run/secrets/remote', readOnly: true },
  { name: 'istio-csr-dns-cert', mountPath: '/var/run/secrets/istiod/tls', readOnly: true },
  { name: 'istio-csr-ca-configmap', mountPath: '/var/run/secrets/istiod/ca', readOnly: true },
]

export function istiodLabels(settings: InstallSettings): Record<string, string> {
  return objectLabels(settings, {
    component: 'Pilot',
    chart: 'istiod',
    name: 'istiod',
    app: 'istiod',
    istio: 'pilot',
    owned: true,
  })
}

/** How a Service finds this revision's istiod: the unnamed revision by `istio: pilot`, the others by their label. */
function istiodSelector(settings: InstallSettings): Record<string, string> {
  return revisionSuffix(settings) === ''
    ? { app: 'istiod', istio: 'pilot' }
    : { app: 'istiod', 'istio.io/rev': settings.revision }
}

export function istiodService(settings: InstallSettings): NewObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `istiod${revisionSuffix(settings)}`,
      namespace: settings.namespace,
      labels: istiodLabels(settings),
    },
    spec: { ports: istiodPorts, selector: istiodSelector(settings) },
  }
}

export function istiodServiceAccount(settings: InstallSettings): NewObject {
  const labels = objectLabels(settings, { component: 'Pilot', chart: 'istiod', name: 'istiod', app: 'istiod' })
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: `istiod${revisionSuffix(settings)}`, namespace: settings.namespace, labels },
  }
}

export function istiodDeployment(settings: InstallSettings): NewObject {
  const name = `istiod${revisionSuffix(settings)}`
  const labels = istiodLabels(settings)
  const selector = istiodSelector(settings)
  const k8s = at(settings.components.pilot, 'k8s')
  const annotations = {
    'prometheus.io/port': '15014',
    'prometheus.io/scrape': 'true',
    'sidecar.istio.io/inject': 'false',
  }
  const replicas = at(k8s, 'replicaCount')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: settings.namespace, labels },
    spec: {
      ...(typeof replicas === 'number' ? { replicas } : {}),
      strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: '25%' } },
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: podLabels(labels, { 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' }, [
            'release',
          ]),
          annotations,
        },
        spec: { serviceAccountName: name, containers: [istiodContainer(settings)], volumes },
      },
    },
  }
}

function istiodContainer(settings: InstallSettings): Tree {
  const k8s = at(settings.components.pilot, 'k8s')
  const resources = at(k8s, 'resources') ?? at(settings.values, 'pilot', 'resources')
  return {
    name: 'discovery',
    image: `${hubOf(settings)}/pilot:${tagOf(settings)}`,
    args: [
      'discovery',
      '--monitoringAddr=:15014',
      `--log_output_level=${textAt(settings.values, 'global', 'logging', 'level') || 'default:info'}`,
      '--domain',
      'cluster.local',
      '--keepaliveMaxServerConnectionAge',
      '30m',
    ],
    ports: containerPorts,
    readinessProbe: {
      httpGet: { path: '/ready', port: 8080 },
      initialDelaySeconds: 1,
      periodSeconds: 3,
      timeoutSeconds: 5,
    },
    env: istiodEnv(settings),
    resources: isTree(resources) ? resources : { requests: { cpu: '500m', memory: '2Gi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts,
  }
}

function istiodEnv(settings: InstallSettings): Tree[] {
  const own = at(settings.values, 'pilot', 'env')
  const sampling = at(settings.values, 'pilot', 'traceSampling')
  return [
    { name: 'REVISION', value: revisionOf(settings) },
    { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
    fromField('POD_NAME', 'metadata.name') as Tree,
    fromField('POD_NAMESPACE', 'metadata.namespace') as Tree,
    fromField('SERVICE_ACCOUNT', 'spec.serviceAccountName') as Tree,
    { name: 'KUBECONFIG', value: '/var/run/secrets/remote/config' },
    { name: 'CA_TRUSTED_NODE_ACCOUNTS', value: `${settings.namespace}/ztunnel` },
    ...Object.entries(textMap(own)).map(([name, value]): Tree => ({ name, value })),
    { name: 'PILOT_TRACE_SAMPLING', value: textOf(sampling ?? 1) },
    { name: 'PILOT_ENABLE_ANALYSIS', value: String(flagAt(settings.values, 'global', 'istiod', 'enableAnalysis')) },
    { name: 'CLUSTER_ID', value: textAt(settings.values, 'global', 'multiCluster', 'clusterName') || 'Kubernetes' },
    { name: 'GOMAXPROCS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } },
    { name: 'PLATFORM', value: '' },
  ]
}

export function hubOf(settings: InstallSettings): string {
  return settings.hub ?? (textAt(settings.values, 'global', 'hub') || istioHub)
}

export function tagOf(settings: InstallSettings): string {
  return settings.tag ?? (textAt(settings.values, 'global', 'tag') || istioVersion)
}

/** One to five replicas at 80 % CPU, where the profile asks for it. */
export function autoscaler(settings: InstallSettings, name: string, labels: Record<string, string>): NewObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: settings.namespace, labels },
    spec: {
      maxReplicas: 5,
      minReplicas: 1,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    },
  }
}
