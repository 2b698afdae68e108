import { isTree, merge, at, flagAt, textAt, textMap, textOf, type Tree } from '../install/tree.ts'
import { checkAnnotations, InjectionError, podProxyConfig } from './annotations.ts'
import { injectionRequired } from './decision.ts'
import { mergeContainer, overridesAnnotation } from './overrides.ts'
import { initName, proxyName, type Container, type Pod, type Volume } from './pod.ts'
import { rewriteProbes } from './probes.ts'
import { annotationOr, initContainer, mergesMetrics, proxyContainer, proxyVolumes, type SidecarInput } from './proxy.ts'
import { canonicalLabels } from './workload.ts'

export interface InjectorSettings {
  /** ConfigMap istio-sidecar-injector, key `config`. */
  config: Tree
  /** The same, key `values`. */
  values: Tree
  /** ConfigMap istio, key `mesh`. */
  meshConfig: Tree
  /** Empty for the unnamed revision. */
  revision: string
  /** False as with ENABLE_NATIVE_SIDECARS=false: the proxy becomes an ordinary container. */
  nativeSidecars: boolean
}

const supportedTemplates: readonly string[] = ['sidecar']

/**
 * The pod with its sidecar, or undefined when the injector leaves it alone. The pod given is not changed.
 * Throws `InjectionError` where istiod refuses.
 */
export function inject(pod: Pod, namespace: string, settings: InjectorSettings): Pod | undefined {
  if (!injectionRequired(pod, namespace, settings.config)) return undefined
  const result = structuredClone(pod)
  const annotations = pod.metadata.annotations ?? {}
  checkTemplates(annotations['inject.istio.io/templates'], settings.config)
  checkAnnotations(annotations)
  const input = sidecarInput(result, namespace, settings)
  const own = takeOwnProxies(result)
  const added = addContainers(result, input, own)
  result.metadata.labels = labels(result)
  result.metadata.annotations = newAnnotations(input, annotations, own, added, settings)
  return result
}

function sidecarInput(pod: Pod, namespace: string, settings: InjectorSettings): SidecarInput {
  const annotations = pod.metadata.annotations ?? {}
  const defaultConfig = at(settings.meshConfig, 'defaultConfig')
  const native = annotations['sidecar.istio.io/nativeSidecar']
  return {
    // A copy: the proxy is described by the pod as it came, before its containers are moved about.
    pod: structuredClone(pod),
    namespace,
    values: settings.values,
    meshConfig: settings.meshConfig,
    proxyConfig: merge(isTree(defaultConfig) ? defaultConfig : {}, podProxyConfig(annotations)),
    revision: settings.revision,
    native: native === undefined ? settings.nativeSidecars : native === 'true',
    statusPort: Number(
      annotations['status.sidecar.istio.io/port'] ?? textAt(settings.values, 'global', 'proxy', 'statusPort'),
    ),
  }
}

function checkTemplates(asked: string | undefined, config: Tree): void {
  if (asked === undefined) return
  const known = Object.keys(isTree(config['templates']) ? config['templates'] : {}).toSorted()
  for (const name of asked.split(',').map((part) => part.trim())) {
    if (!known.includes(name)) {
      throw new InjectionError(
        `failed to run injection template: requested template "${name}" not found; have ${known.join(', ')}`,
      )
    }
    if (!supportedTemplates.includes(name)) {
      throw new InjectionError(`the simulated mesh injects the template "sidecar" only, not "${name}"`)
    }
  }
}

/** Containers of the proxy's name that the pod brings are taken out; they say how the proxy is to differ. */
function takeOwnProxies(pod: Pod): { containers: Container[]; initContainers: Container[] } {
  const isProxy = (container: Container): boolean => container.name === proxyName
  const containers = pod.spec.containers.filter(isProxy)
  const initContainers = (pod.spec.initContainers ?? []).filter(isProxy)
  return { containers, initContainers }
}

type OwnProxies = ReturnType<typeof takeOwnProxies>

function addContainers(pod: Pod, input: SidecarInput, own: OwnProxies): { volumes: Volume[] } {
  const { spec } = pod
  // With native sidecars a proxy among the init containers is the proxy; otherwise it stays and clashes.
  const mine = input.native ? [...own.containers, ...own.initContainers] : own.containers
  const others = (list: readonly Container[] = []): Container[] => list.filter((container) => !mine.includes(container))
  const containers = others(spec.containers)
  const initContainers = others(spec.initContainers)
  const rewritten = rewrites(input)
    ? rewriteProbes([...containers, ...initContainers.filter(isSidecar)], input.statusPort)
    : {}
  const proxy = mine.reduce(
    (template, override) => mergeContainer(template, override),
    proxyContainer(input, rewritten),
  )
  if (input.native) proxy.restartPolicy = 'Always'
  const init = initContainer(input)
  const hold = flagAt(input.proxyConfig, 'holdApplicationUntilProxyStarts')
  spec.initContainers = input.native ? [init, proxy, ...initContainers] : [...initContainers, init]
  spec.containers = input.native ? containers : hold ? [proxy, ...containers] : [...containers, proxy]
  const present = new Set((spec.volumes ?? []).map((volume) => volume.name))
  const volumes = proxyVolumes(input)
  spec.volumes = [...volumes.filter((volume) => !present.has(volume.name)), ...(spec.volumes ?? [])]
  const secrets = at(input.values, 'global', 'imagePullSecrets')
  if (Array.isArray(secrets) && secrets.length > 0) {
    spec.imagePullSecrets = [...(spec.imagePullSecrets ?? []), ...secrets.map((name) => ({ name: textOf(name) }))]
  }
  return { volumes }
}

function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

function rewrites(input: SidecarInput): boolean {
  const wish = input.pod.metadata.annotations?.['sidecar.istio.io/rewriteAppHTTPProbers']
  return wish === undefined ? flagAt(input.values, 'sidecarInjectorWebhook', 'rewriteAppHTTPProbe') : wish === 'true'
}

function labels(pod: Pod): Record<string, string> {
  const own = pod.metadata.labels ?? {}
  const canonical = canonicalLabels(pod)
  return {
    'security.istio.io/tlsMode': 'istio',
    ...own,
    'service.istio.io/canonical-name': canonical.name,
    'service.istio.io/canonical-revision': canonical.revision,
  }
}

function newAnnotations(
  input: SidecarInput,
  own: Readonly<Record<string, string>>,
  proxies: OwnProxies,
  added: { volumes: Volume[] },
  settings: InjectorSettings,
): Record<string, string> {
  const revision = settings.revision === '' ? 'default' : settings.revision
  const first = input.pod.spec.containers.find((container) => container.name !== proxyName)?.name ?? ''
  const secrets = at(input.values, 'global', 'imagePullSecrets')
  const status = {
    initContainers: input.native ? [initName, proxyName] : [initName],
    containers: input.native ? null : [proxyName],
    volumes: added.volumes.map((volume) => volume.name),
    imagePullSecrets: Array.isArray(secrets) && secrets.length > 0 ? secrets : null,
    revision,
  }
  const overrides = input.native ? [...proxies.containers, ...proxies.initContainers] : proxies.containers
  const injected = at(settings.config, 'injectedAnnotations')
  return {
    ...own,
    ...textMap(injected),
    'istio.io/rev': revision,
    'kubectl.kubernetes.io/default-container': own['kubectl.kubernetes.io/default-container'] ?? first,
    'kubectl.kubernetes.io/default-logs-container': own['kubectl.kubernetes.io/default-logs-container'] ?? first,
    ...scrapeAnnotations(input),
    ...(overrides.length === 0 ? {} : { 'proxy.istio.io/overrides': overridesAnnotation(overrides, input.native) }),
    'sidecar.istio.io/status': JSON.stringify(status),
  }
}

function scrapeAnnotations(input: SidecarInput): Record<string, string> {
  if (!mergesMetrics(input) || annotationOr(input, 'prometheus.io/scrape', '') === 'false') return {}
  return {
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/port': textAt(input.values, 'global', 'proxy', 'statusPort'),
    'prometheus.io/scrape': 'true',
  }
}
