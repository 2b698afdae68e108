import { fullName, hasLabels, namespaceOf, selectorText, type AnalyzedResource, type Analyzer } from '../world.ts'

type Labels = Record<string, string>

/** Policies that act on no pod. In the root namespace they look at all pods. */
const workloads: Analyzer = {
  name: 'auth.AuthorizationPoliciesAnalyzer',
  needsCluster: true,
  run(world, report) {
    for (const policy of world.of('AuthorizationPolicy')) {
      const {
        selector,
        targetRefs,
        targetRef,
      }: { selector?: { matchLabels?: Labels }; targetRefs?: unknown; targetRef?: unknown } =
        policy.object['spec'] ?? {}
      const wanted = selector?.matchLabels ?? {}
      const meshWide = namespaceOf(policy) === 'istio-system'
      if (targetRefs !== undefined || targetRef !== undefined || (meshWide && Object.keys(wanted).length === 0))
        continue
      const pods = world.of('Pod').filter((pod) => meshWide || namespaceOf(pod) === namespaceOf(policy))
      if (pods.some((pod) => hasLabels(pod.object.metadata.labels, wanted))) continue
      const text = `No matching workloads for this resource with the following labels: ${selectorText(wanted)}`
      report('IST0127', 'Warning', policy, text)
    }
  },
}

const blockedAddresses: Analyzer = {
  name: 'authn.BlockedCIDRsAnalyzer',
  needsCluster: true,
  run(world, report) {
    const asking = world.of('RequestAuthentication').map(fullName).toSorted()
    if (asking.length === 0) return
    for (const deployment of world.of('Deployment')) {
      if (deployment.object.metadata.labels?.['app'] !== 'istiod') continue
      const containers: { env?: { name: string }[] }[] = deployment.object['spec']?.template?.spec?.containers ?? []
      if (containers.some((container) => container.env?.some(({ name }) => name === 'BLOCKED_CIDRS_IN_JWKS_URIS')))
        continue
      const text = `BLOCKED_CIDRS_IN_JWKS_URIS is not configured but ${asking.length} RequestAuthentication resource(s) exist (${asking.join(', ')}). Consider configuring it to restrict JWKS URI fetches to trusted networks.`
      report('IST0175', 'Warning', deployment, text)
    }
  },
}

/** More than one object of a kind without a selector in a namespace. */
function onlyOne(
  kind: string,
  code: string,
  needsCluster: boolean,
  labelsOf: (resource: AnalyzedResource) => Labels | undefined,
): Analyzer {
  return {
    name: `${kind.toLowerCase()}.SelectorAnalyzer`,
    needsCluster,
    run(world, report) {
      const byNamespace = new Map<string, AnalyzedResource[]>()
      for (const resource of world.of(kind)) {
        const labels = labelsOf(resource)
        if (labels !== undefined && Object.keys(labels).length > 0) continue
        byNamespace.set(namespaceOf(resource), [...(byNamespace.get(namespaceOf(resource)) ?? []), resource])
      }
      for (const [namespace, resources] of byNamespace) {
        if (resources.length < 2) continue
        const plural = kind === 'Telemetry' ? 'Telemetries' : `${kind}s`
        const names = resources
          .map(({ object }) => object.metadata.name ?? '')
          .toSorted()
          .join(' ')
        for (const resource of resources) {
          report(
            code,
            'Error',
            resource,
            `The ${plural} [${names}] in namespace "${namespace}" have no workload selector, which can lead to undefined behavior.`,
          )
        }
      }
    },
  }
}

interface ConfigPatch {
  applyTo?: string
  patch?: { operation?: string }
}

const envoyPatches: Analyzer = {
  name: 'envoyfilter.EnvoyPatchAnalyzer',
  needsCluster: false,
  run(world, report) {
    for (const filter of world.of('EnvoyFilter')) {
      const { configPatches = [], priority = 0 }: { configPatches?: ConfigPatch[]; priority?: number } =
        filter.object['spec'] ?? {}
      for (const { applyTo = '', patch = {} } of configPatches) {
        const operation = patch.operation ?? ''
        const relative = ['INSERT_BEFORE', 'INSERT_AFTER', 'REPLACE', 'REMOVE'].includes(operation)
        const wrongReplace = operation === 'REPLACE' && !['HTTP_FILTER', 'NETWORK_FILTER'].includes(applyTo)
        if (relative && priority === 0 && !wrongReplace) {
          report(
            'IST0151',
            'Warning',
            filter,
            'This EnvoyFilter does not have a priority and has a relative patch operation set which can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.',
          )
        }
        if (wrongReplace) {
          report('IST0152', 'Error', filter, 'The REPLACE operation is only valid for HTTP_FILTER and NETWORK_FILTER.')
        }
        if (operation === 'ADD' && ['ROUTE_CONFIGURATION', 'HTTP_ROUTE'].includes(applyTo)) {
          report(
            'IST0153',
            'Error',
            filter,
            'The ADD operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.',
          )
        }
      }
    }
  },
}

export const selectorAnalyzers: readonly Analyzer[] = [
  workloads,
  blockedAddresses,
  onlyOne('Sidecar', 'IST0111', true, ({ object }) => object['spec']?.workloadSelector?.labels),
  onlyOne(
    'Telemetry',
    'IST0160',
    false,
    ({ object }) =>
      object['spec']?.selector?.matchLabels ??
      (object['spec']?.targetRefs === undefined ? undefined : { targetRefs: '' }),
  ),
  envoyPatches,
]
