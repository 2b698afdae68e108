// Writes the compact facts about Kubernetes that the simulator needs at run time, from the recordings of a real API server.
// Run: node build/facts/kubernetes.mjs [FACTS_FOLDER]   (the folder defaults to ../shared/facts beside the checkout)
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compactType, shortName } from './kubernetes-types.mjs'

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
const facts = path.join(process.argv[2] ?? path.join(root, '../shared/facts'), 'kubernetes-1.34')
const read = (name) => JSON.parse(readFileSync(path.join(facts, name), 'utf8'))
const write = (file, value) => writeFileSync(path.join(root, file), `${JSON.stringify(value, null, 1)}\n`)

const everyVerb = 'create delete deletecollection get list patch update watch'
const words = (list) => list.join(',')

/** One line a subresource: `scale get,patch,update autoscaling/v1/Scale`. */
function subresourceLine(subresource, parent) {
  const { group, version, kind } = subresource.response
  const sameGroup = version === '' || (group === parent.group && version === parent.version)
  return [subresource.name, words(subresource.verbs), sameGroup ? kind : `${group}/${version}/${kind}`].join(' ')
}

/** A resource in few words; what is usual (all verbs, singular = lower-case kind) is left out. */
function compactResource(resource, selectors) {
  const selector = selectors.find((other) =>
    ['group', 'version', 'plural'].every((key) => other[key] === resource[key]),
  )
  const more = (selector?.accepted ?? []).filter((label) => !/^metadata\.(name|namespace)$/.test(label))
  const verbs = resource.verbs.join(' ')
  return {
    is: `${resource.group}/${resource.version} ${resource.plural} ${resource.kind} ${resource.namespaced ? 'namespaced' : 'cluster'}`,
    ...(resource.shortNames.length ? { short: words(resource.shortNames) } : {}),
    ...(resource.categories.length ? { categories: words(resource.categories) } : {}),
    ...(verbs === everyVerb ? {} : { verbs }),
    ...(more.length ? { selectors: words(more) } : {}),
    ...(resource.subresources.length
      ? { sub: resource.subresources.map((sub) => subresourceLine(sub, resource)).join('; ') }
      : {}),
    ...(resource.singular === resource.kind.toLowerCase() ? {} : { singular: resource.singular }),
    order: resource.legacyOrder,
  }
}

/** Table columns of a resource: `Name:string:name; Age:string; Node:string::1`. */
function compactColumns(columns) {
  return columns
    .map(({ name, type, format, priority }) => [name, type, format, priority || ''].join(':').replace(/:+$/, ''))
    .join('; ')
}

const { definitions } = read('types.json')
write(
  'simulator/schema/facts/types.facts.json',
  Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [shortName(name), compactType(definition)]),
  ),
)

const resources = read('resources.json')
const selectors = read('selectors.json').resources
write('simulator/schema/facts/resources.facts.json', {
  groups: resources.groupOrderAggregated.map(({ group, versions }) => `${group} ${words(versions)}`),
  legacyGroups: resources.groupOrderLegacy,
  rootPaths: resources.rootPaths,
  resources: resources.resources.map((resource) => compactResource(resource, selectors)),
})

write(
  'simulator/apiserver/tables/columns.facts.json',
  Object.fromEntries(
    read('tables.json').map(({ group, version, plural, columns }) => [
      `${group}/${version}/${plural}`,
      compactColumns(columns),
    ]),
  ),
)
