/** The built-in resources that the API server serves, in discovery order. */
import type { Resource } from '../kubernetes/index.ts'
import facts from './facts/resources.facts.json' with { type: 'json' }

export interface Subresource {
  name: string
  verbs: readonly string[]
  /** What it answers with; the parent's own kind, or that of another group (`scale` -> autoscaling/v1 Scale). */
  response: { group: string; version: string; kind: string }
}

export interface ServedResource extends Resource {
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  verbs: readonly string[]
  subresources: readonly Subresource[]
  /** Field labels that a fieldSelector may name, besides metadata.name and metadata.namespace. */
  fieldSelectors: readonly string[]
  /** Place in the old APIResourceList of its group version. */
  order: number
}

interface ResourceFacts {
  is: string
  order: number
  short?: string
  categories?: string
  verbs?: string
  selectors?: string
  sub?: string
  singular?: string
}

const everyVerb = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const words = (text: string | undefined, separator = ','): string[] => (text ? text.split(separator) : [])

function parseSubresource(line: string, parent: Pick<Resource, 'group' | 'version'>): Subresource {
  const [name = '', verbs, response = ''] = line.split(' ')
  const parts = response.split('/')
  const kind = parts.pop() ?? ''
  const [group = parent.group, version = parent.version] = parts
  return { name, verbs: words(verbs), response: { group, version, kind } }
}

function parseResource(fact: ResourceFacts): ServedResource {
  const [groupVersion = '', plural = '', kind = '', scope] = fact.is.split(' ')
  const [group = '', version = ''] = groupVersion.split('/')
  return {
    group,
    version,
    plural,
    kind,
    namespaced: scope === 'namespaced',
    singular: fact.singular ?? kind.toLowerCase(),
    shortNames: words(fact.short),
    categories: words(fact.categories),
    verbs: fact.verbs ? words(fact.verbs, ' ') : everyVerb,
    subresources: words(fact.sub, '; ').map((line) => parseSubresource(line, { group, version })),
    fieldSelectors: words(fact.selectors),
    order: fact.order,
  }
}

/** Every built-in resource, one entry a version (HorizontalPodAutoscaler has two). */
export const builtinResources: readonly ServedResource[] = (facts.resources as ResourceFacts[]).map(parseResource)

/** Groups in the order of aggregated discovery; the first version is the preferred one. The core group is ''. */
export const builtinGroups: readonly { group: string; versions: readonly string[] }[] = facts.groups.map((line) => {
  const [group = '', versions] = line.split(' ')
  return { group, versions: words(versions) }
})

/** Groups in the order of the old `/apis` list, core left out. */
export const legacyGroupOrder: readonly string[] = facts.legacyGroups

/** What `GET /` lists. */
export const rootPaths: readonly string[] = facts.rootPaths

const byKind = new Map(
  builtinResources.map((resource) => [`${resource.group}/${resource.version}/${resource.kind}`, resource]),
)

/** The built-in resource of an object's apiVersion and kind. */
export function builtinOfKind(apiVersion: string, kind: string): ServedResource | undefined {
  return byKind.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}/${kind}`)
}
