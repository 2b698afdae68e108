import { createHash } from 'node:crypto'
import { apiVersionOf } from '../../kubernetes/index.ts'
import { builtinGroups, legacyGroupOrder, type ServedResource, type Subresource } from '../../schema/index.ts'
import type { Catalog } from '../catalog.ts'
import type { Kernel } from '../kernel.ts'
import type { Call } from './call.ts'
import { respond } from './respond.ts'

interface Group {
  group: string
  /** Preferred first. */
  versions: string[]
}

/** `v2` before `v1` before `v1beta1` before anything else (apimachinery `pkg/version`). */
export function compareVersions(a: string, b: string): number {
  const parse = (text: string): [number, number, number] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text)
    if (match === null) return [-1, 0, 0]
    return [match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, Number(match[1]), Number(match[3] ?? 0)]
  }
  const [left, right] = [parse(a), parse(b)]
  for (const [index, value] of left.entries()) if (value !== right[index]) return (right[index] ?? 0) - value
  return a < b ? -1 : 1
}

/** Built-in groups in their order, then the others by name. */
function groupsOf(catalog: Catalog): Group[] {
  const versions = new Map<string, Set<string>>()
  for (const { group, version } of catalog.all()) versions.set(group, (versions.get(group) ?? new Set()).add(version))
  const known = builtinGroups.map(({ group, versions }) => ({ group, versions: [...versions] }))
  const custom = [...versions.keys()].filter((group) => !known.some((other) => other.group === group)).sort()
  return [
    ...known,
    ...custom.map((group) => ({ group, versions: [...(versions.get(group) ?? [])].sort(compareVersions) })),
  ]
}

function resourcesOf(catalog: Catalog, group: string, version: string): ServedResource[] {
  return catalog.all().filter((resource) => resource.group === group && resource.version === version)
}

function aggregatedResource(resource: ServedResource): unknown {
  const { plural, kind, group, version, namespaced, singular, verbs, shortNames, categories, subresources } = resource
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map(({ name, verbs, response }) => ({
        subresource: name,
        responseKind: response,
        verbs,
      })),
    }),
  }
}

function aggregated(catalog: Catalog, groups: readonly Group[], version: string): string {
  const items = groups.map(({ group, versions }) => ({
    metadata: { ...(group && { name: group }), creationTimestamp: null },
    versions: versions.map((each) => ({
      version: each,
      resources: resourcesOf(catalog, group, each).map(aggregatedResource),
      freshness: 'Current',
    })),
  }))
  return `${JSON.stringify({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items })}\n`
}

/** The version of aggregated discovery that the client asks for; undefined: the plain form. */
function aggregatedVersion(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const range of accept.split(',')) {
    if (!range.includes('as=APIGroupDiscoveryList') || !range.includes('g=apidiscovery.k8s.io')) continue
    if (/v=v2(;|$)/.test(range.trim())) return 'v2'
    if (range.includes('v=v2beta1')) return 'v2beta1'
  }
  return undefined
}

const cached = new WeakMap<Catalog, { generation: number; texts: Map<string, { text: string; etag: string }> }>()

function memo(catalog: Catalog, key: string, make: () => string): { text: string; etag: string } {
  let cache = cached.get(catalog)
  if (cache?.generation !== catalog.generation)
    cached.set(catalog, (cache = { generation: catalog.generation, texts: new Map() }))
  let found = cache.texts.get(key)
  if (found === undefined) {
    const text = make()
    cache.texts.set(key, (found = { text, etag: `"${createHash('sha512').update(text).digest('hex').toUpperCase()}"` }))
  }
  return found
}

/** `GET /api` and `GET /apis`. */
export async function discoverGroups(kernel: Kernel, call: Call, core: boolean): Promise<void> {
  const { catalog } = kernel
  const version = aggregatedVersion(call.request.headers.accept ?? '')
  if (version === undefined)
    return respond(call, { body: core ? coreVersions(call) : groupList(catalog), headers: { Vary: 'Accept' } })
  const { text, etag } = memo(catalog, `${core} ${version}`, () =>
    aggregated(
      catalog,
      groupsOf(catalog).filter(({ group }) => (group === '') === core),
      version,
    ),
  )
  const headers = { Vary: 'Accept', ETag: etag, 'Cache-Control': 'public' }
  if (call.request.headers['if-none-match'] === etag) {
    call.response.writeHead(304, headers).end()
    return
  }
  await respond(call, {
    body: text,
    type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    headers,
  })
}

function coreVersions(call: Call): string {
  const serverAddress = call.request.headers.host ?? '127.0.0.1'
  const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress }]
  return `${JSON.stringify({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: addresses })}\n`
}

function apiGroup({ group, versions }: Group): Record<string, unknown> {
  const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: all, preferredVersion: all[0] }
}

function groupList(catalog: Catalog): string {
  const groups = groupsOf(catalog).filter(({ group }) => group !== '')
  const place = ({ group }: Group): number =>
    legacyGroupOrder.includes(group) ? legacyGroupOrder.indexOf(group) : legacyGroupOrder.length
  return `${JSON.stringify({ kind: 'APIGroupList', apiVersion: 'v1', groups: groups.toSorted((a, b) => place(a) - place(b)).map(apiGroup) })}\n`
}

/** `GET /apis/GROUP`. */
export async function discoverGroup(kernel: Kernel, call: Call, name: string): Promise<boolean> {
  const group = groupsOf(kernel.catalog).find((each) => each.group === name && name !== '')
  if (group === undefined) return false
  await respond(call, { body: `${JSON.stringify({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) })}\n` })
  return true
}

function listed(resource: ServedResource, subresource?: Subresource): Record<string, unknown> {
  const { plural, kind, namespaced, singular, verbs, shortNames, categories } = resource
  if (subresource) {
    const { group, version, kind: responseKind } = subresource.response
    const other = group !== resource.group
    return {
      name: `${plural}/${subresource.name}`,
      singularName: '',
      namespaced,
      ...(other && { group, version }),
      kind: responseKind,
      verbs: subresource.verbs,
    }
  }
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    storageVersionHash: createHash('sha256')
      .update(`${apiVersionOf(resource)}/${kind}`)
      .digest('base64')
      .slice(0, 12),
  }
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`. */
export async function discoverResources(kernel: Kernel, call: Call, group: string, version: string): Promise<boolean> {
  const resources = resourcesOf(kernel.catalog, group, version).toSorted((a, b) => a.order - b.order)
  if (resources.length === 0) return false
  const { text } = memo(kernel.catalog, `${group}/${version}`, () => {
    const all = resources.flatMap((resource) => [
      listed(resource),
      ...resource.subresources.map((each) => listed(resource, each)),
    ])
    const groupVersion = group === '' ? version : `${group}/${version}`
    return `${JSON.stringify({ kind: 'APIResourceList', ...(group !== '' && { apiVersion: 'v1' }), groupVersion, resources: all })}\n`
  })
  await respond(call, { body: text })
  return true
}
