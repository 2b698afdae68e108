import type { Tree } from '../tree.ts'

/** `latest` or no tag at all means Always. A digest makes no difference to the tag. */
function pullPolicy(image: string | undefined): string {
  if (!image) return 'IfNotPresent'
  const [named = '', digest] = image.split('@')
  const tag = /:([^:/]+)$/.exec(named)?.[1]
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Tree): void {
  if (!probe) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.grpc) probe.grpc.service ??= ''
  defaultHttpGet(probe.httpGet)
}

function defaultHttpGet(action: Tree): void {
  if (!action) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

function defaultResources(resources: Tree): void {
  if (!resources?.limits) return
  for (const name of Object.keys(resources.limits)) {
    resources.requests ??= {}
    resources.requests[name] ??= resources.limits[name]
  }
}

function defaultEnv(env: Tree): void {
  const source = env.valueFrom
  if (source?.fieldRef) source.fieldRef.apiVersion ||= 'v1'
}

/** Defaults of one container, init container or ephemeral container. */
function defaultContainer(container: Tree, hostNetwork: boolean): void {
  container.imagePullPolicy ||= pullPolicy(container.image)
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  for (const port of container.ports ?? []) {
    port.protocol ||= 'TCP'
    if (hostNetwork) port.hostPort ||= port.containerPort
  }
  for (const env of container.env ?? []) defaultEnv(env)
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[probe])
  defaultHttpGet(container.lifecycle?.postStart?.httpGet)
  defaultHttpGet(container.lifecycle?.preStop?.httpGet)
  const mode = container.securityContext
  if (mode?.procMount === '') mode.procMount = 'Default'
}

const volumeSources: Record<string, (source: Tree) => void> = {
  configMap: (source) => (source.defaultMode ??= 0o644),
  secret: (source) => (source.defaultMode ??= 0o644),
  hostPath: (source) => (source.type ??= ''),
  downwardAPI(source) {
    source.defaultMode ??= 0o644
    for (const item of source.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1'
  },
  projected(source) {
    source.defaultMode ??= 0o644
    for (const part of source.sources ?? []) {
      if (part.serviceAccountToken) part.serviceAccountToken.expirationSeconds ??= 3600
      for (const item of part.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1'
    }
  },
  iscsi: (source) => (source.iscsiInterface ||= 'default'),
  rbd(source) {
    source.pool ||= 'rbd'
    source.user ||= 'admin'
    source.keyring ||= '/etc/ceph/keyring'
  },
  ephemeral(source) {
    if (source.volumeClaimTemplate?.spec) source.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  },
  azureDisk(source) {
    source.cachingMode ??= 'ReadWrite'
    source.fsType ??= 'ext4'
    source.kind ??= 'Shared'
    source.readOnly ??= false
  },
}

function defaultVolume(volume: Tree): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name')
  if (sources.length === 0) volume.emptyDir = {}
  for (const source of sources) volumeSources[source]?.(volume[source])
}

/** Defaults of a pod's spec, in a pod or in a template; resource requests follow limits only in pods themselves. */
export function defaultPodSpec(spec: Tree, restartPolicy = 'Always'): void {
  if (!spec) return
  spec.restartPolicy ||= restartPolicy
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  // The two names of one thing.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of spec[list] ?? []) defaultContainer(container, spec.hostNetwork === true)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
}

function defaultPod(pod: Tree): void {
  defaultPodSpec(pod.spec)
  pod.spec.enableServiceLinks ??= true
  for (const list of ['initContainers', 'containers'])
    for (const container of pod.spec[list] ?? []) defaultResources(container.resources)
}

/** Labels of a template become the selector and the labels of the object where both are absent (ReplicationController). */
function defaultReplicationController(object: Tree): void {
  defaultPodSpec(object.spec.template?.spec)
  const labels = object.spec.template?.metadata?.labels
  object.spec.replicas ??= 1
  if (!labels) return
  object.spec.selector ??= { ...labels }
  object.metadata.labels ??= { ...labels }
}

export const podDefaults: Record<string, (object: Tree) => void> = {
  'v1 Pod': defaultPod,
  'v1 PodTemplate': (object) => defaultPodSpec(object.template?.spec),
  'v1 ReplicationController': defaultReplicationController,
}
