import { fullName, hasLabels, namespaceOf, type AnalyzedResource, type Analyzer } from '../world.ts'

interface ServicePort {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: string
  appProtocol?: string
}

const protocols = /^(?:tcp|udp|http|http2|https|grpc|grpc-web|tls|mongo|mysql|redis|hbone)(?:-|$)/i

function portsOf(service: AnalyzedResource): ServicePort[] {
  return service.object['spec']?.ports ?? []
}

const portNames: Analyzer = {
  name: 'service.PortNameAnalyzer',
  needsCluster: true,
  run(world, report) {
    for (const service of world.of('Service')) {
      if (['kube-system', 'kube-public', 'istio-system'].includes(namespaceOf(service))) continue
      if (service.object['spec']?.type === 'ExternalName') {
        const wrong = portsOf(service).some(
          ({ name = '' }) => name === '' || /^tcp(?:-|$)/.test(name) || !protocols.test(name),
        )
        if (wrong)
          report(
            'IST0150',
            'Warning',
            service,
            'Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly',
          )
        continue
      }
      for (const [index, { name = '', port, targetPort, appProtocol, protocol }] of portsOf(service).entries()) {
        if (protocol === 'UDP' || protocols.test(appProtocol ?? name)) continue
        if (namespaceOf(service) === 'default' && service.object.metadata.name === 'kubernetes') continue
        const text = `Port name ${name} (port: ${port}, targetPort: ${targetPort ?? port}) doesn't follow the naming convention of Istio port.`
        report('IST0118', 'Info', service, text, ['spec', 'ports', index, 'name'])
      }
    }
  },
}

const deployments: Analyzer = {
  name: 'deployment.MultiServiceAnalyzer',
  needsCluster: true,
  run(world, report) {
    for (const deployment of world.of('Deployment')) {
      const labels: Record<string, string> = deployment.object['spec']?.template?.metadata?.labels ?? {}
      const services = world.of('Service').filter((service) => {
        const selector: Record<string, string> = service.object['spec']?.selector ?? {}
        return (
          namespaceOf(service) === namespaceOf(deployment) &&
          Object.keys(selector).length > 0 &&
          hasLabels(labels, selector)
        )
      })
      const byTarget = new Map<string, { ports: Set<number>; services: Set<string> }>()
      for (const service of services) {
        for (const { port, targetPort } of portsOf(service)) {
          const target = String(targetPort ?? port)
          const found = byTarget.get(target) ?? { ports: new Set(), services: new Set() }
          found.ports.add(port)
          found.services.add(fullName(service))
          byTarget.set(target, found)
        }
      }
      for (const [target, { ports, services: names }] of byTarget) {
        if (ports.size < 2 || names.size < 2) continue
        const text = `This deployment ${deployment.object.metadata.name ?? ''} is associated with multiple services [${[...names].toSorted().join(' ')}] using targetPort "${target}" but different ports: [${[...ports].toSorted((a, b) => a - b).join(' ')}].`
        report('IST0137', 'Warning', deployment, text)
      }
    }
  },
}

const entries: Analyzer = {
  name: 'serviceentry.Analyzer',
  needsCluster: false,
  run(world, report) {
    for (const entry of world.of('ServiceEntry')) {
      const { addresses = [], ports = [] }: { addresses?: string[]; ports?: ServicePort[] } = entry.object['spec'] ?? {}
      if (addresses.length > 0) continue
      for (const [index, { protocol = '' }] of ports.entries()) {
        if (!['', 'TCP'].includes(protocol.toUpperCase())) continue
        report('IST0134', 'Warning', entry, 'ServiceEntry addresses are required for this protocol.', [
          'spec',
          'ports',
          index,
          'name',
        ])
      }
    }
  },
}

export const serviceAnalyzers: readonly Analyzer[] = [portNames, deployments, entries]
