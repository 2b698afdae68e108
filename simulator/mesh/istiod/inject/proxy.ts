import { fromField, istioTokenVolume, podinfoVolume } from '../install/proxy-volumes.ts'
import { at, flagAt, isTree, textAt, textOf, type Tree, type TreeValue } from '../install/tree.ts'
import { initName, proxyName, type Container, type EnvVar, type Pod, type Resources, type Volume } from './pod.ts'
import { ownerUrl, workloadOf } from './workload.ts'

/** Everything that the sidecar of one pod depends on. */
export interface SidecarInput {
  pod: Pod
  namespace: string
  values: Tree
  meshConfig: Tree
  /** Mesh default and the pod's own, merged. */
  proxyConfig: Tree
  revision: string
  native: boolean
  /** Of the agent: health, rewritten probes, merged metrics. */
  statusPort: number
}

export function annotationOr(input: SidecarInput, name: string, fallback: string): string {
  return input.pod.metadata.annotations?.[name] ?? fallback
}

/** The proxy's own configuration may choose the image's flavour; for the init container only annotation and values do. */
function image(input: SidecarInput, proxyConfig?: Tree): string {
  const { values } = input
  const chosen = annotationOr(input, 'sidecar.istio.io/proxyImage', textAt(values, 'global', 'proxy', 'image'))
  if (chosen.includes('/')) return chosen
  const type =
    annotationOr(input, 'sidecar.istio.io/proxyImageType', '') ||
    (proxyConfig === undefined ? '' : textAt(proxyConfig, 'image', 'imageType')) ||
    textAt(values, 'global', 'variant')
  const tag = textAt(values, 'global', 'tag')
  const suffix = type === '' || type === 'default' || tag.endsWith(`-${type}`) ? '' : `-${type}`
  return `${textAt(values, 'global', 'hub')}/${chosen}:${tag}${suffix}`
}

/** `proxyCPU` and its three siblings replace the defaults as a whole: what is not named is not set. */
function resources(input: SidecarInput): Resources {
  const annotated = (name: string): string | undefined => input.pod.metadata.annotations?.[`sidecar.istio.io/${name}`]
  const pick = (cpu: string | undefined, memory: string | undefined): Record<string, string> => ({
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  })
  const requests = pick(annotated('proxyCPU'), annotated('proxyMemory'))
  const limits = pick(annotated('proxyCPULimit'), annotated('proxyMemoryLimit'))
  if (Object.keys(requests).length + Object.keys(limits).length === 0) {
    const defaults = at(input.values, 'global', 'proxy', 'resources')
    return isTree(defaults) ? structuredClone(defaults) : {}
  }
  return {
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
  }
}

function interceptionMode(input: SidecarInput): string {
  return annotationOr(
    input,
    'sidecar.istio.io/interceptionMode',
    textAt(input.proxyConfig, 'interceptionMode') || 'REDIRECT',
  )
}

function agentLogArgs(input: SidecarInput): string[] {
  const level = annotationOr(
    input,
    'sidecar.istio.io/agentLogLevel',
    textAt(input.values, 'global', 'logging', 'level'),
  )
  return [
    ...(level === '' ? [] : [`--log_output_level=${level}`]),
    ...(flagAt(input.values, 'global', 'logAsJson') ? ['--log_as_json'] : []),
  ]
}

function pullPolicy(input: SidecarInput): { imagePullPolicy?: string } {
  const policy = textAt(input.values, 'global', 'imagePullPolicy')
  return policy === '' ? {} : { imagePullPolicy: policy }
}

/** The container that redirects the pod's traffic to the proxy. */
export function initContainer(input: SidecarInput): Container {
  const { values } = input
  const traffic = (name: string, fallback: string): string =>
    annotationOr(input, `traffic.sidecar.istio.io/${name}`, fallback)
  const excludedInbound = [
    ...traffic('excludeInboundPorts', textAt(values, 'global', 'proxy', 'excludeInboundPorts')).split(','),
    input.statusPort === 0 ? '' : String(input.statusPort),
  ].filter((port, index, all) => port !== '' && all.indexOf(port) === index)
  const optional = (flag: string, value: string): string[] => (value === '' ? [] : [flag, value])
  const privileged = flagAt(values, 'global', 'proxy', 'privileged')
  const metadata = metadataEnv(input)
  return {
    name: initName,
    image: image(input),
    ...pullPolicy(input),
    args: [
      'istio-iptables',
      '-p',
      '15001',
      '-z',
      '15006',
      '-u',
      '1337',
      '-m',
      interceptionMode(input),
      '-i',
      traffic('includeOutboundIPRanges', textAt(values, 'global', 'proxy', 'includeIPRanges')),
      '-x',
      traffic('excludeOutboundIPRanges', textAt(values, 'global', 'proxy', 'excludeIPRanges')),
      '-b',
      traffic('includeInboundPorts', textAt(values, 'global', 'proxy', 'includeInboundPorts')),
      '-d',
      ['15090', '15021', ...(excludedInbound.length === 0 ? [''] : excludedInbound)].join(','),
      ...optional('-q', traffic('includeOutboundPorts', textAt(values, 'global', 'proxy', 'includeOutboundPorts'))),
      ...optional('-o', traffic('excludeOutboundPorts', textAt(values, 'global', 'proxy', 'excludeOutboundPorts'))),
      ...optional('-k', traffic('kubevirtInterfaces', '')),
      ...optional('-c', traffic('excludeInterfaces', '')),
      ...agentLogArgs(input),
      ...(flagAt(values, 'global', 'nativeNftables') ? ['--native-nftables'] : []),
    ],
    ...(metadata.length === 0 ? {} : { env: metadata }),
    resources: resources(input),
    securityContext: {
      allowPrivilegeEscalation: privileged,
      privileged,
      capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
      readOnlyRootFilesystem: false,
      runAsGroup: 0,
      runAsUser: 0,
      runAsNonRoot: false,
    },
  }
}

/** The sidecar itself. `probes` is what the agent must ask for the kubelet. */
export function proxyContainer(input: SidecarInput, probes: Record<string, unknown>): Container {
  const { values, native, proxyConfig } = input
  const logging = textAt(values, 'global', 'proxy', 'logLevel')
  const components = textAt(values, 'global', 'proxy', 'componentLogLevel')
  const hold =
    flagAt(proxyConfig, 'holdApplicationUntilProxyStarts') ||
    flagAt(values, 'global', 'proxy', 'holdApplicationUntilProxyStarts')
  const drain = ['pilot-agent', 'request', `--debug-port=${input.statusPort}`, 'POST', 'drain']
  const readiness = (name: string, value: string): number =>
    Number(annotationOr(input, `readiness.status.sidecar.istio.io/${name}`, textAt(values, 'global', 'proxy', value)))
  const initialDelaySeconds = readiness('initialDelaySeconds', 'readinessInitialDelaySeconds')
  const health = { httpGet: { path: '/healthz/ready', port: 15021, scheme: 'HTTP' } }
  return {
    name: proxyName,
    image: image(input, proxyConfig),
    ...pullPolicy(input),
    args: [
      'proxy',
      'sidecar',
      '--domain',
      `$(POD_NAMESPACE).svc.${textAt(values, 'global', 'proxy', 'clusterDomain')}`,
      `--proxyLogLevel=${annotationOr(input, 'sidecar.istio.io/logLevel', logging)}`,
      `--proxyComponentLogLevel=${annotationOr(input, 'sidecar.istio.io/componentLogLevel', components)}`,
      ...agentLogArgs(input),
    ],
    env: proxyEnv(input, probes),
    ports: [{ containerPort: 15090, name: 'http-envoy-prom', protocol: 'TCP' }],
    resources: resources(input),
    ...(flagAt(values, 'global', 'proxy', 'startupProbe', 'enabled')
      ? {
          startupProbe: {
            ...health,
            timeoutSeconds: 3,
            periodSeconds: 1,
            successThreshold: 1,
            failureThreshold: Number(textAt(values, 'global', 'proxy', 'startupProbe', 'failureThreshold')),
          },
        }
      : {}),
    readinessProbe: {
      ...health,
      ...(initialDelaySeconds === 0 ? {} : { initialDelaySeconds }),
      timeoutSeconds: 3,
      periodSeconds: readiness('periodSeconds', 'readinessPeriodSeconds'),
      successThreshold: 1,
      failureThreshold: readiness('failureThreshold', 'readinessFailureThreshold'),
    },
    ...(native ? { lifecycle: { preStop: { exec: { command: drain } } }, restartPolicy: 'Always' } : {}),
    ...(hold && !native ? { lifecycle: { postStart: { exec: { command: ['pilot-agent', 'wait'] } } } } : {}),
    securityContext: proxySecurity(input),
    volumeMounts: proxyMounts(input),
  }
}

function proxySecurity(input: SidecarInput): Record<string, unknown> {
  const transparent = interceptionMode(input) === 'TPROXY'
  const privileged = flagAt(input.values, 'global', 'proxy', 'privileged')
  return {
    allowPrivilegeEscalation: privileged,
    capabilities: { ...(transparent ? { add: ['NET_ADMIN'] } : {}), drop: ['ALL'] },
    privileged,
    readOnlyRootFilesystem: true,
    runAsGroup: 1337,
    runAsNonRoot: !transparent,
    runAsUser: transparent ? 0 : 1337,
  }
}

function proxyEnv(input: SidecarInput, probes: Record<string, unknown>): EnvVar[] {
  const { pod, namespace, values, meshConfig } = input
  const owner = workloadOf(pod)
  const clusterName = textAt(values, 'global', 'multiCluster', 'clusterName') || 'Kubernetes'
  const field = (name: string, path: string): EnvVar => fromField(name, path) as unknown as EnvVar
  const resource = (name: string, of: string): EnvVar => ({
    name,
    valueFrom: { resourceFieldRef: { resource: of, divisor: '1' } },
  })
  const network = pod.metadata.labels?.['topology.istio.io/network'] ?? textAt(values, 'global', 'network')
  const prometheus = prometheusAnnotations(input)
  return [
    { name: 'PILOT_CERT_PROVIDER', value: textAt(values, 'global', 'pilotCertProvider') },
    { name: 'CA_ADDR', value: textAt(values, 'global', 'caAddress') || istiodAddress(input) },
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('INSTANCE_IP', 'status.podIP'),
    field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    field('HOST_IP', 'status.hostIP'),
    resource('ISTIO_CPU_LIMIT', 'limits.cpu'),
    { name: 'PROXY_CONFIG', value: `${JSON.stringify(shownProxyConfig(input))}\n` },
    { name: 'ISTIO_META_POD_PORTS', value: podPorts(pod) },
    {
      name: 'ISTIO_META_APP_CONTAINERS',
      value: pod.spec.containers
        .map((container) => container.name)
        .filter((name) => name !== proxyName)
        .join(','),
    },
    resource('GOMEMLIMIT', 'limits.memory'),
    resource('GOMAXPROCS', 'limits.cpu'),
    { name: 'ISTIO_META_CLUSTER_ID', value: clusterName },
    field('ISTIO_META_NODE_NAME', 'spec.nodeName'),
    { name: 'ISTIO_META_INTERCEPTION_MODE', value: interceptionMode(input) },
    ...(network === '' ? [] : [{ name: 'ISTIO_META_NETWORK', value: network }]),
    ...(owner === undefined
      ? []
      : [
          { name: 'ISTIO_META_WORKLOAD_NAME', value: owner.name },
          { name: 'ISTIO_META_OWNER', value: ownerUrl(owner, namespace) },
        ]),
    ...(annotationOr(input, 'sidecar.istio.io/bootstrapOverride', '') === ''
      ? []
      : [{ name: 'ISTIO_BOOTSTRAP_OVERRIDE', value: '/etc/istio/custom-bootstrap/custom_bootstrap.json' }]),
    {
      name: 'ISTIO_META_MESH_ID',
      value: textAt(values, 'global', 'meshID') || textAt(meshConfig, 'trustDomain') || 'cluster.local',
    },
    { name: 'TRUST_DOMAIN', value: textAt(meshConfig, 'trustDomain') || 'cluster.local' },
    ...metadataEnv(input),
    ...(Object.keys(probes).length === 0 ? [] : [{ name: 'ISTIO_KUBE_APP_PROBERS', value: JSON.stringify(probes) }]),
    ...(prometheus === undefined ? [] : [{ name: 'ISTIO_PROMETHEUS_ANNOTATIONS', value: JSON.stringify(prometheus) }]),
  ]
}

/** `proxyMetadata` of the proxy configuration, by name. */
function metadataEnv(input: SidecarInput): { name: string; value: string }[] {
  const metadata = at(input.proxyConfig, 'proxyMetadata')
  return sortedEntries(metadata).map(([name, value]) => ({ name, value: textOf(value) }))
}

function sortedEntries(tree: TreeValue): [string, TreeValue][] {
  return isTree(tree) ? Object.entries(tree).toSorted(([a], [b]) => (a < b ? -1 : 1)) : []
}

function istiodAddress(input: SidecarInput): string {
  const suffix = input.revision === '' || input.revision === 'default' ? '' : `-${input.revision}`
  return `istiod${suffix}.${textAt(input.values, 'global', 'istioNamespace') || 'istio-system'}.svc:15012`
}

/** What differs from the defaults; the address of the installed istiod is one of them. */
function shownProxyConfig(input: SidecarInput): Tree {
  const { discoveryAddress, ...rest } = input.proxyConfig
  if (rest['proxyMetadata'] !== undefined)
    rest['proxyMetadata'] = Object.fromEntries(sortedEntries(rest['proxyMetadata']))
  return discoveryAddress === undefined || discoveryAddress === istiodAddress(input)
    ? rest
    : { discoveryAddress, ...rest }
}

/** A list in the form of the template that first wrote it: an entry a line, commas in front. */
function podPorts(pod: Pod): string {
  const entries = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .map(({ name, hostPort, containerPort, protocol, hostIP }) =>
      JSON.stringify({
        ...(name === undefined ? {} : { name }),
        ...(hostPort === undefined ? {} : { hostPort }),
        containerPort,
        protocol: protocol ?? 'TCP',
        ...(hostIP === undefined ? {} : { hostIP }),
      }),
    )
  return ['[', ...entries.map((entry, index) => `    ${index === 0 ? '' : ','}${entry}`), ']'].join('\n')
}

/** The application's own scrape settings, which the agent merges with the proxy's when metrics are merged. */
export function prometheusAnnotations(input: SidecarInput): { scrape: string; path: string; port: string } | undefined {
  if (!mergesMetrics(input)) return undefined
  const annotations = input.pod.metadata.annotations ?? {}
  const scrape = annotations['prometheus.io/scrape']
  const port = annotations['prometheus.io/port'] ?? ''
  if (scrape === undefined || scrape === 'false' || port === String(input.statusPort)) return undefined
  return { scrape, path: annotations['prometheus.io/path'] ?? '', port }
}

export function mergesMetrics(input: SidecarInput): boolean {
  const wish = input.pod.metadata.annotations?.['prometheus.istio.io/merge-metrics']
  if (wish !== undefined) return /^(1|t|T|true|TRUE|True)$/.test(wish)
  return at(input.meshConfig, 'enablePrometheusMerge') !== false
}

function proxyMounts(input: SidecarInput): NonNullable<Container['volumeMounts']> {
  const mount = (name: string, mountPath: string): { name: string; mountPath: string } => ({ name, mountPath })
  const bootstrap = annotationOr(input, 'sidecar.istio.io/bootstrapOverride', '')
  return [
    mount('workload-socket', '/var/run/secrets/workload-spiffe-uds'),
    mount('credential-socket', '/var/run/secrets/credential-uds'),
    mount('workload-certs', '/var/run/secrets/workload-spiffe-credentials'),
    mount('istiod-ca-cert', '/var/run/secrets/istio'),
    mount('istio-ca-crl', '/var/run/secrets/istio/crl'),
    mount('istio-data', '/var/lib/istio/data'),
    ...(bootstrap === '' ? [] : [mount('custom-bootstrap-volume', '/etc/istio/custom-bootstrap')]),
    mount('istio-envoy', '/etc/istio/proxy'),
    mount('istio-token', '/var/run/secrets/tokens'),
    mount('istio-podinfo', '/etc/istio/pod'),
  ]
}

export function proxyVolumes(input: SidecarInput): Volume[] {
  const bootstrap = annotationOr(input, 'sidecar.istio.io/bootstrapOverride', '')
  return [
    { name: 'workload-socket', emptyDir: {} },
    { name: 'credential-socket', emptyDir: {} },
    { name: 'workload-certs', emptyDir: {} },
    ...(bootstrap === '' ? [] : [{ name: 'custom-bootstrap-volume', configMap: { name: bootstrap } }]),
    { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
    { name: 'istio-data', emptyDir: {} },
    podinfoVolume('istio-podinfo') as Volume,
    istioTokenVolume(textAt(input.values, 'global', 'sds', 'token', 'aud') || 'istio-ca') as Volume,
    { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
    { name: 'istio-ca-crl', configMap: { name: 'istio-ca-crl', optional: true } },
  ]
}
