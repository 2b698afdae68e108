/** Aggregated discovery: all groups of an API server in one answer. */
export const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

export interface Resource {
  /** `pods`, `virtualservices.networking.istio.io` */
  name: string
  /** Of the collection in all namespaces. */
  path: string
}

interface Discovery {
  items?: {
    metadata?: { name?: string }
    /** The preferred one first. */
    versions?: { version: string; resources?: { resource: string; verbs?: string[] }[] }[]
  }[]
}

/** They change all the time, and no check reads them: the heart beats of components, and what Kubernetes says beside its objects. */
const LEFT_OUT = new Set(['events', 'events.events.k8s.io', 'leases.coordination.k8s.io', 'endpoints'])

/** Resources that can be watched, each in the version that its server prefers. */
export function watchableOf(document: unknown): Resource[] {
  return ((document as Discovery).items ?? []).flatMap(({ metadata, versions = [] }) => {
    const group = metadata?.name ?? ''
    const seen = new Set<string>()
    return versions.flatMap(({ version, resources = [] }) =>
      resources.flatMap(({ resource, verbs = [] }) => {
        const name = group === '' ? resource : `${resource}.${group}`
        if (!verbs.includes('watch') || seen.has(name) || LEFT_OUT.has(name)) return []
        seen.add(name)
        return [{ name, path: group === '' ? `/api/${version}/${resource}` : `/apis/${group}/${version}/${resource}` }]
      }),
    )
  })
}
