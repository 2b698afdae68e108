import { matchesSelector, type LabelSelector } from '../../../kubernetes/index.ts'
import { namespaceOf, type AnalyzedResource, type Analyzer, type World } from '../world.ts'

const systemNamespaces: readonly string[] = [
  'istio-system',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
]

interface ContainerLike {
  name: string
  image?: string
  securityContext?: { runAsUser?: number }
}

function containersOf(pod: AnalyzedResource): ContainerLike[] {
  return [...(pod.object['spec']?.initContainers ?? []), ...(pod.object['spec']?.containers ?? [])]
}

/** Injected by the old label or by a revision whose injector is there. */
function isInjected(world: World, namespace: AnalyzedResource): boolean {
  const labels = namespace.object.metadata.labels ?? {}
  if (labels['istio-injection'] !== undefined) return labels['istio-injection'] === 'enabled'
  const revision = labels['istio.io/rev']
  const revisions = world
    .of('MutatingWebhookConfiguration')
    .flatMap(({ object }) => [object.metadata.labels?.['istio.io/rev'], object.metadata.labels?.['istio.io/tag']])
  return revision !== undefined && revisions.includes(revision)
}

const injection: Analyzer = {
  name: 'injection.Analyzer',
  needsCluster: true,
  run(world, report) {
    const injected = new Set<string>()
    for (const resource of world.of('Namespace')) {
      const { name = '', labels = {} } = resource.object.metadata
      if (systemNamespaces.includes(name)) continue
      const injectionLabel = labels['istio-injection']
      const revision = labels['istio.io/rev']
      if (injectionLabel !== undefined && revision !== undefined) {
        const text = `The namespace has more than one type of injection labels [istio-injection=${injectionLabel} istio.io/rev=${revision}], which may lead to undefined behavior. Make sure only one injection label exists.`
        report('IST0123', 'Warning', resource, text)
      }
      const ambient = labels['istio.io/dataplane-mode'] === 'ambient'
      if (injectionLabel === undefined && revision === undefined && !ambient) {
        const text = `The namespace is not enabled for Istio injection. Run 'kubectl label namespace ${name} istio-injection=enabled' to enable it, or 'kubectl label namespace ${name} istio-injection=disabled' to explicitly mark it as not needing injection.`
        report('IST0102', 'Info', resource, text)
      }
      if (isInjected(world, resource)) injected.add(name)
    }
    for (const pod of world.of('Pod')) checkPod(pod, injected, report)
  },
}

function checkPod(pod: AnalyzedResource, injected: ReadonlySet<string>, report: Parameters<Analyzer['run']>[1]): void {
  const { name = '', labels = {}, annotations = {} } = pod.object.metadata
  const phase: string | undefined = pod.object['status']?.phase
  const over = phase === 'Succeeded' || phase === 'Failed'
  const optedOut = labels['sidecar.istio.io/inject'] === 'false' || annotations['sidecar.istio.io/inject'] === 'false'
  if (!injected.has(namespaceOf(pod)) || optedOut || over || pod.object['spec']?.hostNetwork === true) return
  if (containersOf(pod).some((container) => container.name === 'istio-proxy')) return
  const text = `The pod ${namespaceOf(pod)}/${name} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`
  report('IST0103', 'Warning', pod, text)
}

const applicationUser: Analyzer = {
  name: 'applicationUID.Analyzer',
  needsCluster: true,
  run(world, report) {
    for (const pod of world.of('Pod')) {
      if (pod.object.metadata.labels?.['sidecar.istio.io/inject'] === 'false') continue
      const user: number | undefined = pod.object['spec']?.securityContext?.runAsUser
      const own = containersOf(pod).filter(
        (container) => container.name !== 'istio-proxy' && container.name !== 'istio-init',
      )
      const injected = containersOf(pod).length > own.length
      if (injected && (user === 1337 || own.some((container) => container.securityContext?.runAsUser === 1337))) {
        report('IST0144', 'Warning', pod, 'User ID (UID) 1337 is reserved for the sidecar proxy.')
      }
    }
  },
}

interface InjectorWebhook {
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

/** `image: auto` means "the injector fills it in": without an injector the pod cannot start. */
const autoImages: Analyzer = {
  name: 'injection.ImageAutoAnalyzer',
  needsCluster: true,
  run(world, report) {
    const webhooks = world
      .of('MutatingWebhookConfiguration')
      .flatMap(({ object }): InjectorWebhook[] =>
        object.metadata.labels?.['app'] === 'sidecar-injector' ? object['webhooks'] : [],
      )
    const namespaces = new Map(
      world.of('Namespace').map(({ object }) => [object.metadata.name ?? '', object.metadata.labels ?? {}]),
    )
    const check = (
      resource: AnalyzedResource,
      containers: ContainerLike[],
      labels: Record<string, string>,
      code: string,
      level: 'Warning' | 'Error',
    ): void => {
      if (!containers.some((container) => container.image === 'auto')) return
      const home = namespaces.get(namespaceOf(resource)) ?? {}
      if (
        webhooks.some(
          (webhook) =>
            matchesSelector(webhook.namespaceSelector, home) && matchesSelector(webhook.objectSelector, labels),
        )
      )
        return
      const { kind, metadata } = resource.object
      report(
        code,
        level,
        resource,
        `${kind} ${metadata.name ?? ''} contains \`image: auto\` but does not match any Istio injection webhook selectors.`,
      )
    }
    for (const pod of world.of('Pod'))
      check(pod, containersOf(pod), pod.object.metadata.labels ?? {}, 'IST0147', 'Error')
    for (const deployment of world.of('Deployment')) {
      const template = deployment.object['spec']?.template
      check(deployment, template?.spec?.containers ?? [], template?.metadata?.labels ?? {}, 'IST0146', 'Warning')
    }
  },
}

/** Annotations of Istio that pods and services may carry. */
const knownAnnotations =
  /^(?:sidecar\.istio\.io\/(?:inject|status|rewriteAppHTTPProbers|proxy(?:CPU|Memory)(?:Limit)?|proxyImage(?:Type)?|(?:log|agentLog|componentLog)Level|interceptionMode|bootstrapOverride|userVolume(?:Mount)?|nativeSidecar|discoveryAddress|controlPlaneAuthPolicy|enableCoreDump|stats\w+|extraStatTags|proxyEphemeralStorage(?:Limit)?)|traffic\.sidecar\.istio\.io\/\w+|(?:readiness\.)?status\.sidecar\.istio\.io\/\w+|proxy\.istio\.io\/(?:config|overrides)|prometheus\.istio\.io\/merge-metrics|inject\.istio\.io\/(?:inject-)?templates|networking\.istio\.io\/(?:exportTo|traffic-distribution|service-type|address-type)|istio\.io\/(?:rev|workload-controller|workload-name|use-waypoint|dry-run|for-service-account|waypoint-for)|galley\.istio\.io\/analyze-suppress|topology\.istio\.io\/\w+|gateway\.istio\.io\/[\w-]+|ambient\.istio\.io\/[\w-]+|service\.istio\.io\/canonical-(?:name|revision))$/

const annotations: Analyzer = {
  name: 'annotations.K8sAnalyzer',
  needsCluster: true,
  run(world, report) {
    for (const resource of ['Pod', 'Service', 'Namespace', 'Deployment'].flatMap((kind) => world.of(kind))) {
      if (systemNamespaces.includes(namespaceOf(resource))) continue
      for (const name of Object.keys(resource.object.metadata.annotations ?? {})) {
        if (!/(?:^|\.)istio\.io\//.test(name)) continue
        if (!knownAnnotations.test(name)) report('IST0108', 'Warning', resource, `Unknown annotation: ${name}`)
        else if (resource.object.kind === 'Deployment' && name.startsWith('sidecar.istio.io/')) {
          report('IST0107', 'Warning', resource, `Misplaced annotation: ${name} can only be applied to Pod`)
        }
        if (name === 'sidecar.istio.io/inject') {
          report(
            'IST0135',
            'Info',
            resource,
            `Annotation "${name}" has been deprecated in favor of the "${name}" label and may not work in future Istio versions.`,
          )
        }
      }
    }
  },
}

export const injectionAnalyzers: readonly Analyzer[] = [injection, applicationUser, annotations, autoImages]
