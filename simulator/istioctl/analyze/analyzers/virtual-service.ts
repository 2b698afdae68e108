import { destinationsOf, findHost, knownHosts, qualifiedHost } from '../hosts.ts'
import { fullName, namespaceOf, type Analyzer, type AnalyzedResource } from '../world.ts'

const destinationHosts: Analyzer = {
  name: 'virtualservice.DestinationHostAnalyzer',
  needsCluster: true,
  run(world, report) {
    const hosts = knownHosts(world)
    for (const resource of world.of('VirtualService')) {
      for (const destination of destinationsOf(resource)) {
        const found = findHost(hosts, destination.host, namespaceOf(resource))
        const path = destination.listed ? [] : [...destination.path, 'host']
        if (found === undefined) {
          const what = destination.mirror ? 'mirror host' : 'host'
          report('IST0101', 'Error', resource, `Referenced ${what} not found: "${destination.host}"`, path)
        } else if (destination.port === undefined && found.ports.length > 1) {
          const text = `This VirtualService routes to a service "${destination.host}" that exposes multiple ports [${found.ports.join(' ')}]. Specifying a port in the destination is required to disambiguate.`
          report('IST0112', 'Error', resource, text, path)
        } else if (destination.port !== undefined && !found.ports.includes(destination.port)) {
          report(
            'IST0101',
            'Error',
            resource,
            `Referenced host:port not found: "${destination.host}:${destination.port}"`,
            path,
          )
        }
      }
    }
  },
}

const subsets: Analyzer = {
  name: 'virtualservice.DestinationRuleAnalyzer',
  needsCluster: false,
  run(world, report) {
    const known = new Set<string>()
    for (const rule of world.of('DestinationRule')) {
      const { host = '', subsets: own = [] }: { host?: string; subsets?: { name: string }[] } =
        rule.object['spec'] ?? {}
      for (const { name } of own) known.add(`${qualifiedHost(host, namespaceOf(rule))}+${name}`)
    }
    for (const resource of world.of('VirtualService')) {
      for (const { host, subset, path, mirror } of destinationsOf(resource)) {
        if (subset === '' || known.has(`${qualifiedHost(host, namespaceOf(resource))}+${subset}`)) continue
        const what = mirror ? 'mirror+subset in destinationrule' : 'host+subset in destinationrule'
        report('IST0101', 'Error', resource, `Referenced ${what} not found: "${host}+${subset}"`, [...path, 'host'])
      }
    }
  },
}

/** `mesh` or nothing but gateways. */
function gatewaysOf(resource: AnalyzedResource): string[] {
  return resource.object['spec']?.gateways ?? []
}

function gatewayName(written: string, namespace: string): string {
  if (written.includes('/')) return written
  const [name = '', home] = written.split('.')
  return home === undefined ? `${namespace}/${name}` : `${home}/${name}`
}

const gateways: Analyzer = {
  name: 'virtualservice.GatewayAnalyzer',
  needsCluster: false,
  run(world, report) {
    const known = new Map(world.of('Gateway').map((gateway) => [fullName(gateway), gateway]))
    for (const resource of world.of('VirtualService')) {
      const hosts: string[] = resource.object['spec']?.hosts ?? []
      for (const [index, written] of gatewaysOf(resource).entries()) {
        if (written === 'mesh') continue
        const name = gatewayName(written, namespaceOf(resource))
        const gateway = known.get(name)
        const path = ['spec', 'gateways', index]
        if (gateway === undefined)
          report('IST0101', 'Error', resource, `Referenced gateway not found: "${written}"`, path)
        const missing =
          gateway === undefined ? hosts : hosts.filter((host) => !serves(gateway, host, namespaceOf(resource)))
        if (missing.length === 0 || (gateway !== undefined && missing.length < hosts.length)) continue
        const text = `one or more host [${missing.join(' ')}] defined in VirtualService ${fullName(resource)} not found in Gateway ${name}.`
        report('IST0132', 'Warning', resource, text, path)
      }
    }
  },
}

function serves(gateway: AnalyzedResource, host: string, namespace: string): boolean {
  const servers: { hosts?: string[] }[] = gateway.object['spec']?.servers ?? []
  return servers.some((server) =>
    (server.hosts ?? []).some((written) => {
      const [home = '*', name = written] = written.includes('/') ? written.split('/') : ['*', written]
      const visible = home === '*' || home === namespace || (home === '.' && namespaceOf(gateway) === namespace)
      return visible && hostsOverlap(name, host)
    }),
  )
}

function hostsOverlap(one: string, other: string): boolean {
  if (one === other || one === '*' || other === '*') return true
  const covers = (wide: string, narrow: string): boolean => wide.startsWith('*') && narrow.endsWith(wide.slice(1))
  return covers(one, other) || covers(other, one)
}

const meshHosts: Analyzer = {
  name: 'virtualservice.ConflictingMeshGatewayHostsAnalyzer',
  needsCluster: false,
  run(world, report) {
    const byHost = new Map<string, AnalyzedResource[]>()
    for (const resource of world.of('VirtualService')) {
      const own = gatewaysOf(resource)
      if (own.length > 0 && !own.includes('mesh')) continue
      const exported: string[] = resource.object['spec']?.exportTo ?? ['*']
      const hosts: string[] = resource.object['spec']?.hosts ?? []
      for (const host of hosts) {
        const scope = exported.includes('*') ? '' : `${namespaceOf(resource)}/`
        const key = `${scope}${qualifiedHost(host, namespaceOf(resource))}`
        byHost.set(key, [...(byHost.get(key) ?? []), resource])
      }
    }
    for (const [key, resources] of byHost) {
      if (resources.length < 2) continue
      const names = resources.map(fullName).toSorted().join(',')
      const host = key.slice(key.indexOf('/') + 1)
      for (const resource of resources) {
        const text = `The VirtualServices ${names} associated with mesh gateway define the same host */${host} which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.`
        report('IST0109', 'Error', resource, text)
      }
    }
  },
}

export const virtualServiceAnalyzers: readonly Analyzer[] = [destinationHosts, subsets, gateways, meshHosts]
