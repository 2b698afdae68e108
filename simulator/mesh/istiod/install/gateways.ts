import type { NewObject } from '../../../kubernetes/index.ts'
import { objectLabels, podLabels, revisionOf, revisionSuffix, type Component } from './labels.ts'
import { autoscaler, hubOf, tagOf } from './pilot.ts'
import { fromField, istioTokenVolume, podinfoVolume } from './proxy-volumes.ts'
import { namespacedRole } from './rbac.ts'
import type { InstallSettings } from './settings.ts'
import { at, isTree, merge, textAt, textMap, type Tree } from './tree.ts'

export type GatewayKind = 'ingress' | 'egress'

const facts: Record<
  GatewayKind,
  { component: Component; chart: 'istio-ingress' | 'istio-egress'; type: string; ports: Tree[] }
> = {
  ingress: {
    component: 'IngressGateways',
    chart: 'istio-ingress',
    type: 'LoadBalancer',
    ports: [
      { name: 'status-port', port: 15021, targetPort: 15021, protocol: 'TCP' },
      { name: 'http2', port: 80, targetPort: 8080, protocol: 'TCP' },
      { name: 'https', port: 443, targetPort: 8443, protocol: 'TCP' },
    ],
  },
  egress: {
    component: 'EgressGateways',
    chart: 'istio-egress',
    type: 'ClusterIP',
    ports: [
      { name: 'http2', port: 80, targetPort: 8080, protocol: 'TCP' },
      { name: 'https', port: 443, targetPort: 8443, protocol: 'TCP' },
    ],
  },
}

const defaultResources: Tree = {
  limits: { cpu: '2', memory: '1Gi' },
  requests: { cpu: '100m', memory: '128Mi' },
}

/** Everything of one gateway: account, role for its secrets, service, deployment, autoscaler. */
export function gatewayObjects(settings: InstallSettings, kind: GatewayKind, gateway: Tree): NewObject[] {
  const own = facts[kind]
  const name = textAt(gateway, 'name') || `istio-${kind}gateway`
  const istio = textAt(gateway, 'label', 'istio') || `${kind}gateway`
  const app = textAt(gateway, 'label', 'app') || name
  const labels = {
    ...objectLabels(settings, {
      component: own.component,
      chart: own.chart,
      name: `istio-${kind}gateway`,
      app,
      istio,
      owned: true,
    }),
    ...customLabels(gateway),
  }
  const roleLabels = objectLabels(settings, {
    component: own.component,
    chart: own.chart,
    name: `istio-${kind}gateway`,
    owned: true,
  })
  const account = `${name}-service-account`
  const metadata = { namespace: settings.namespace, labels }
  const ports =
    listAt(gateway, 'k8s', 'service', 'ports') ??
    listAt(settings.values, 'gateways', `istio-${kind}gateway`, 'ports') ??
    own.ports
  const type =
    textAt(gateway, 'k8s', 'service', 'type') ||
    textAt(settings.values, 'gateways', `istio-${kind}gateway`, 'type') ||
    own.type
  const secrets = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'watch', 'list'] }]
  const scaled = at(settings.values, 'gateways', `istio-${kind}gateway`, 'autoscaleEnabled') !== false
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: account } },
    ...namespacedRole(settings, `${name}-sds`, roleLabels, secrets, account),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name, ...annotationsAt(gateway, 'k8s', 'serviceAnnotations') },
      spec: { type, selector: { app, istio }, ports },
    },
    gatewayDeployment({ settings, kind, gateway, name, app, istio, labels, ports }),
    ...(scaled ? [autoscaler(settings, name, labels)] : []),
  ]
}

interface GatewayParts {
  settings: InstallSettings
  kind: GatewayKind
  gateway: Tree
  name: string
  app: string
  istio: string
  labels: Record<string, string>
  ports: Tree[]
}

function gatewayDeployment(parts: GatewayParts): NewObject {
  const { settings, kind, gateway, name, app, istio, labels } = parts
  const withMode = { ...labels, 'istio.io/dataplane-mode': 'none' }
  const more = {
    chart: 'gateways',
    heritage: 'Tiller',
    'service.istio.io/canonical-name': name,
    'service.istio.io/canonical-revision': 'latest',
    'sidecar.istio.io/inject': 'false',
  }
  const annotations = {
    'istio.io/rev': revisionOf(settings),
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/port': '15020',
    'prometheus.io/scrape': 'true',
    'sidecar.istio.io/inject': 'false',
  }
  const replicas = at(gateway, 'k8s', 'replicaCount')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: settings.namespace, labels: withMode },
    spec: {
      ...(typeof replicas === 'number' ? { replicas } : {}),
      selector: { matchLabels: { app, istio } },
      strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: '25%' } },
      template: {
        metadata: { labels: podLabels(withMode, more), annotations },
        spec: {
          securityContext: { runAsGroup: 1337, runAsNonRoot: true, runAsUser: 1337 },
          serviceAccountName: `${name}-service-account`,
          containers: [proxyContainer(parts)],
          volumes: gatewayVolumes(kind),
        },
      },
    },
  }
}

function proxyContainer({ settings, kind, gateway, name, ports }: GatewayParts): Tree {
  const resources = at(gateway, 'k8s', 'resources')
  const extra = at(gateway, 'k8s', 'env')
  return {
    name: 'istio-proxy',
    image: `${hubOf(settings)}/proxyv2:${tagOf(settings)}`,
    ports: [
      ...ports.map((port): Tree => ({
        containerPort: at(port, 'targetPort') ?? at(port, 'port'),
        protocol: textAt(port, 'protocol') || 'TCP',
      })),
      { containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom' },
    ],
    args: [
      'proxy',
      'router',
      '--domain',
      '$(POD_NAMESPACE).svc.cluster.local',
      '--proxyLogLevel=warning',
      '--proxyComponentLogLevel=misc:error',
      '--log_output_level=default:info',
    ],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
    },
    readinessProbe: {
      failureThreshold: 30,
      httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' },
      initialDelaySeconds: 1,
      periodSeconds: 2,
      successThreshold: 1,
      timeoutSeconds: 1,
    },
    resources: isTree(resources) ? merge(defaultResources, resources) : defaultResources,
    env: [...gatewayEnv(settings, name), ...(Array.isArray(extra) ? extra : [])],
    volumeMounts: gatewayMounts(kind),
  }
}

function gatewayEnv(settings: InstallSettings, name: string): Tree[] {
  const field = (variable: string, path: string): Tree => fromField(variable, path) as Tree
  const meshId = textAt(settings.values, 'global', 'meshID') || 'cluster.local'
  return [
    { name: 'PILOT_CERT_PROVIDER', value: 'istiod' },
    { name: 'CA_ADDR', value: `istiod${revisionSuffix(settings)}.${settings.namespace}.svc:15012` },
    field('NODE_NAME', 'spec.nodeName'),
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('INSTANCE_IP', 'status.podIP'),
    field('HOST_IP', 'status.hostIP'),
    { name: 'ISTIO_CPU_LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } },
    field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    { name: 'ISTIO_META_WORKLOAD_NAME', value: name },
    {
      name: 'ISTIO_META_OWNER',
      value: `kubernetes://apis/apps/v1/namespaces/${settings.namespace}/deployments/${name}`,
    },
    { name: 'ISTIO_META_MESH_ID', value: meshId },
    { name: 'TRUST_DOMAIN', value: textAt(settings.meshConfig, 'trustDomain') || 'cluster.local' },
    { name: 'ISTIO_META_UNPRIVILEGED_POD', value: 'true' },
    {
      name: 'ISTIO_META_CLUSTER_ID',
      value: textAt(settings.values, 'global', 'multiCluster', 'clusterName') || 'Kubernetes',
    },
    field('ISTIO_META_NODE_NAME', 'spec.nodeName'),
  ]
}

function gatewayVolumes(kind: GatewayKind): Tree[] {
  const secret = (name: string, secretName: string): Tree => ({ name, secret: { secretName, optional: true } })
  return [
    { name: 'workload-socket', emptyDir: {} },
    { name: 'credential-socket', emptyDir: {} },
    { name: 'workload-certs', emptyDir: {} },
    { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
    podinfoVolume('podinfo') as Tree,
    { name: 'istio-envoy', emptyDir: {} },
    { name: 'istio-data', emptyDir: {} },
    istioTokenVolume('istio-ca') as Tree,
    { name: 'config-volume', configMap: { name: 'istio', optional: true } },
    secret(`${kind}gateway-certs`, `istio-${kind}gateway-certs`),
    secret(`${kind}gateway-ca-certs`, `istio-${kind}gateway-ca-certs`),
  ]
}

function gatewayMounts(kind: GatewayKind): Tree[] {
  const mount = (name: string, mountPath: string, readOnly = false): Tree => ({
    name,
    mountPath,
    ...(readOnly ? { readOnly } : {}),
  })
  return [
    mount('workload-socket', '/var/run/secrets/workload-spiffe-uds'),
    mount('credential-socket', '/var/run/secrets/credential-uds'),
    mount('workload-certs', '/var/run/secrets/workload-spiffe-credentials'),
    mount('istio-envoy', '/etc/istio/proxy'),
    mount('config-volume', '/etc/istio/config'),
    mount('istiod-ca-cert', '/var/run/secrets/istio'),
    mount('istio-token', '/var/run/secrets/tokens', true),
    mount('istio-data', '/var/lib/istio/data'),
    mount('podinfo', '/etc/istio/pod'),
    mount(`${kind}gateway-certs`, `/etc/istio/${kind}gateway-certs`, true),
    mount(`${kind}gateway-ca-certs`, `/etc/istio/${kind}gateway-ca-certs`, true),
  ]
}

function customLabels(gateway: Tree): Record<string, string> {
  const labels = at(gateway, 'label')
  return textMap(labels)
}

function annotationsAt(tree: Tree, ...path: string[]): { annotations?: Record<string, string> } {
  const value = at(tree, ...path)
  return isTree(value) ? { annotations: textMap(value) } : {}
}

function listAt(tree: Tree, ...path: string[]): Tree[] | undefined {
  const value = at(tree, ...path)
  return Array.isArray(value) && value.length > 0 ? value.filter(isTree) : undefined
}
