import { namespaceOf, type AnalyzedResource, type World } from './world.ts'

/** A name that requests can be sent to, and what stands behind it. */
export interface KnownHost {
  host: string
  namespace: string
  ports: number[]
  /** Empty or `*`: seen from everywhere; `.`: from its own namespace. */
  exportTo: string[]
  resource: AnalyzedResource
}

/** Services by their full name, and hosts of ServiceEntries. */
export function knownHosts(world: World): KnownHost[] {
  const services = world.of('Service').map((resource): KnownHost => {
    const { name = '', annotations } = resource.object.metadata
    const ports: { port: number }[] = resource.object['spec']?.ports ?? []
    return {
      host: `${name}.${namespaceOf(resource)}.svc.cluster.local`,
      namespace: namespaceOf(resource),
      ports: ports.map(({ port }) => port),
      exportTo: (annotations?.['networking.istio.io/exportTo'] ?? '*').split(','),
      resource,
    }
  })
  const entries = world.of('ServiceEntry').flatMap((resource): KnownHost[] => {
    const {
      hosts = [],
      ports = [],
      exportTo = ['*'],
    }: { hosts?: string[]; ports?: { number: number }[]; exportTo?: string[] } = resource.object['spec'] ?? {}
    return hosts.map((host) => ({
      host,
      namespace: namespaceOf(resource),
      ports: ports.map(({ number }) => number),
      exportTo,
      resource,
    }))
  })
  return [...services, ...entries]
}

/** The full name that a host in an object's spec stands for: names without a dot are services of its namespace. */
export function qualifiedHost(host: string, namespace: string): string {
  return host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.cluster.local`
}

/** The host that a name means, as seen from a namespace. */
export function findHost(hosts: readonly KnownHost[], name: string, namespace: string): KnownHost | undefined {
  const full = qualifiedHost(name, namespace)
  const visible = hosts.filter(
    (one) => one.namespace === namespace || one.exportTo.includes('*') || one.exportTo.includes(namespace),
  )
  return (
    visible.find((one) => one.host === full || one.host === name) ??
    visible.find((one) => one.host.startsWith('*') && full.endsWith(one.host.slice(1)))
  )
}

/** One place in a VirtualService that names a destination. */
export interface NamedDestination {
  host: string
  subset: string
  port: number | undefined
  path: (string | number)[]
  mirror: boolean
  /** Of the list `mirrors`, whose places the real one does not know. */
  listed: boolean
}

interface RouteLike {
  route?: { destination?: DestinationLike }[]
  mirror?: DestinationLike
  mirrors?: { destination?: DestinationLike }[]
}

interface DestinationLike {
  host?: string
  subset?: string
  port?: { number?: number }
}

export function destinationsOf(virtualService: AnalyzedResource): NamedDestination[] {
  const spec: Record<string, RouteLike[] | undefined> = virtualService.object['spec'] ?? {}
  return ['http', 'tcp', 'tls'].flatMap((protocol) =>
    (spec[protocol] ?? []).flatMap((route, index) => {
      const base = ['spec', protocol, index]
      const at = (
        destination: DestinationLike | undefined,
        path: (string | number)[],
        mirror: boolean,
        listed = false,
      ): NamedDestination[] =>
        destination?.host === undefined
          ? []
          : [
              {
                host: destination.host,
                subset: destination.subset ?? '',
                port: destination.port?.number,
                path: [...base, ...path],
                mirror,
                listed,
              },
            ]
      return [
        ...(route.route ?? []).flatMap(({ destination }, place) =>
          at(destination, ['route', place, 'destination'], false),
        ),
        ...at(route.mirror, ['mirror'], true),
        ...(route.mirrors ?? []).flatMap(({ destination }, place) =>
          at(destination, ['mirrors', place, 'destination'], true, true),
        ),
      ]
    }),
  )
}
