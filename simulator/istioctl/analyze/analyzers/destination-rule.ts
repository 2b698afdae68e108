import { findHost, knownHosts } from '../hosts.ts'
import { fullName, hasLabels, namespaceOf, type Analyzer } from '../world.ts'

interface Tls {
  mode?: string
  caCertificates?: string
  credentialName?: string
  insecureSkipVerify?: boolean
}

interface Policy {
  tls?: Tls
  portLevelSettings?: { port?: { number?: number }; tls?: Tls }[]
}

const unverified = (tls: Tls | undefined): boolean =>
  (tls?.mode === 'SIMPLE' || tls?.mode === 'MUTUAL') &&
  (tls.caCertificates ?? '') === '' &&
  (tls.credentialName ?? '') === '' &&
  tls.insecureSkipVerify !== true

const caCertificates: Analyzer = {
  name: 'destinationrule.CaCertificateAnalyzer',
  needsCluster: false,
  run(world, report) {
    for (const resource of world.of('DestinationRule')) {
      const { host = '', trafficPolicy = {} }: { host?: string; trafficPolicy?: Policy } = resource.object['spec'] ?? {}
      const text = (mode: string | undefined): string =>
        `DestinationRule ${fullName(resource)} in namespace ${namespaceOf(resource)} has TLS mode set to ${mode ?? ''} but no caCertificates are set to validate server identity for host: ${host}`
      if (unverified(trafficPolicy.tls)) report('IST0128', 'Warning', resource, text(trafficPolicy.tls?.mode))
      for (const [index, { port, tls }] of (trafficPolicy.portLevelSettings ?? []).entries()) {
        if (!unverified(tls)) continue
        const path = ['spec', 'trafficPolicy', 'portLevelSettings', index, 'tls', 'mode']
        report('IST0129', 'Warning', resource, `${text(tls?.mode)} at port number:${port?.number ?? 0}`, path)
      }
    }
  },
}

const subsetPods: Analyzer = {
  name: 'destinationrule.SubsetSelectPodAnalyzer',
  needsCluster: true,
  run(world, report) {
    const hosts = knownHosts(world)
    for (const resource of world.of('DestinationRule')) {
      const {
        host = '',
        subsets = [],
      }: { host?: string; subsets?: { name: string; labels?: Record<string, string> }[] } =
        resource.object['spec'] ?? {}
      const found = findHost(hosts, host, namespaceOf(resource))
      if (found === undefined) {
        const wildcard = host.startsWith('*')
        if (!wildcard)
          report(
            'IST0174',
            'Warning',
            resource,
            `The host ${host} defined in the DestinationRule does not match any services in the mesh.`,
          )
        continue
      }
      if (found.resource.object.kind !== 'Service') continue
      const selector: Record<string, string> = found.resource.object['spec']?.selector ?? {}
      const pods = world
        .of('Pod')
        .filter((pod) => namespaceOf(pod) === found.namespace && hasLabels(pod.object.metadata.labels, selector))
      for (const [index, { name, labels = {} }] of subsets.entries()) {
        if (pods.some((pod) => hasLabels(pod.object.metadata.labels, labels))) continue
        report(
          'IST0173',
          'Warning',
          resource,
          `The Subset ${name} defined in the DestinationRule does not select any pods.`,
          ['spec', 'subsets', index, 'name'],
        )
      }
    }
  },
}

export const destinationRuleAnalyzers: readonly Analyzer[] = [caCertificates, subsetPods]
