// Writes simulator/mesh/istiod/install/crds.facts.json from the facts pack (../shared/facts/istio): what Istio's custom resources
// look like, with every subtree that occurs more than once written once. Run: node build/facts/istio-crds.mjs [FACTS]
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const facts = process.argv[2] ?? fileURLToPath(new URL('../../../shared/facts/istio', import.meta.url))
const target = fileURLToPath(new URL('../../simulator/mesh/istiod/install/crds.facts.json', import.meta.url))
const read = (name) => JSON.parse(readFileSync(`${facts}/${name}.json`, 'utf8'))

/** A subtree shorter than this is not worth a reference. */
const shortestSharedLength = 120

function versionSchema(version) {
  const { facts: rules, ...rest } = version.specRest
  const spec = { ...rest, ...(rules ? { facts: rules } : {}), properties: version.spec }
  return { ...version.root, properties: { spec, status: version.status } }
}

const crds = read('crds').crds.map((crd) => {
  const kind = read(crd.kind)
  return {
    group: crd.group,
    kind: crd.kind,
    plural: crd.plural,
    singular: crd.singular,
    shortNames: crd.shortNames,
    categories: crd.categories,
    versions: crd.versions.map((version) => {
      const own = kind.versions[version.name]
      const schema = own.sameAs ? kind.versions[own.sameAs] : own
      return {
        name: version.name,
        storage: version.storage,
        columns: version.printerColumns,
        schema: versionSchema(schema),
      }
    }),
  }
})

const counts = new Map()
function count(node) {
  if (node === null || typeof node !== 'object') return
  if (!Array.isArray(node)) {
    const text = JSON.stringify(node)
    counts.set(text, (counts.get(text) ?? 0) + 1)
    if (counts.get(text) > 1) return
  }
  for (const child of Object.values(node)) count(child)
}
for (const crd of crds) for (const version of crd.versions) count(version.schema)

const shared = []
const places = new Map()
function compact(node) {
  if (node === null || typeof node !== 'object') return node
  if (Array.isArray(node)) return node.map(compact)
  const text = JSON.stringify(node)
  const place = places.get(text)
  if (place !== undefined) return { $shared: place }
  const small = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, compact(value)]))
  if (counts.get(text) < 2 || text.length < shortestSharedLength) return small
  places.set(text, shared.length)
  shared.push(small)
  return { $shared: shared.length - 1 }
}
for (const crd of crds) for (const version of crd.versions) version.schema = compact(version.schema)

const lines = (list) => list.map((entry) => JSON.stringify(entry)).join(',\n')
writeFileSync(target, `{"shared":[\n${lines(shared)}\n],\n"crds":[\n${lines(crds)}\n]}\n`)
