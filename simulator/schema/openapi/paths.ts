/** Operations of a resource: which kind they are about, and that they take `fieldValidation`. */
import type { ServedResource, Subresource } from '../catalogue.ts'
import type { Tree } from '../tree.ts'

const query = (name: string, type = 'string'): Tree => ({ name, in: 'query', schema: { type, uniqueItems: true } })
const inPath = (name: string): Tree => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
})

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => query(name))
const parametersOf: Record<string, Tree[]> = {
  post: writeParameters,
  put: writeParameters,
  patch: [...writeParameters, query('force', 'boolean')],
}
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

const methods: Record<string, { method: string; action: string }> = {
  create: { method: 'post', action: 'post' },
  delete: { method: 'delete', action: 'delete' },
  deletecollection: { method: 'delete', action: 'deletecollection' },
  get: { method: 'get', action: 'get' },
  list: { method: 'get', action: 'list' },
  patch: { method: 'patch', action: 'patch' },
  update: { method: 'put', action: 'put' },
}

const body = (schema: Tree, types: readonly string[]): Tree => ({
  content: Object.fromEntries(types.map((type) => [type, { schema }])),
})

function operation(verb: string, kind: Tree, schema: string, isCustom: boolean): [string, Tree][] {
  const known = methods[verb]
  if (known === undefined) return []
  const { method, action } = known
  const reference = { $ref: `#/components/schemas/${schema}` }
  const patches = isCustom ? patchTypes.filter((type) => !type.includes('strategic')) : patchTypes
  const sent =
    method === 'patch'
      ? body({ type: 'object' }, patches)
      : method === 'post' || method === 'put'
        ? body(reference, ['*/*'])
        : undefined
  return [
    [
      method,
      {
        ...(parametersOf[method] ? { parameters: parametersOf[method] } : {}),
        ...(sent ? { requestBody: sent } : {}),
        responses: { 200: { description: 'OK', ...body(reference, ['application/json']) } },
        'x-kubernetes-action': action,
        'x-kubernetes-group-version-kind': kind,
      },
    ],
  ]
}

function item(
  verbs: readonly string[],
  wanted: readonly string[],
  parameters: Tree[],
  rest: { kind: Tree; schema: string; isCustom: boolean },
): Tree {
  const operations = wanted
    .filter((verb) => verbs.includes(verb))
    .flatMap((verb) => operation(verb, rest.kind, rest.schema, rest.isCustom))
  return { ...Object.fromEntries(operations), ...(parameters.length > 0 ? { parameters } : {}) }
}

function subresourcePaths(
  one: string,
  subresource: Subresource,
  parameters: Tree[],
  { schema, isCustom }: { schema: string; isCustom: boolean },
): Record<string, Tree> {
  const { group, version, kind } = subresource.response
  const verbs = ['create', 'delete', 'get', 'patch', 'update']
  // kubectl asks any path of a kind for the patches it takes: those of a custom resource must all say the same.
  const rest = { kind: { group, kind, version }, schema, isCustom }
  return { [`${one}/${subresource.name}`]: item(subresource.verbs, verbs, parameters, rest) }
}

/** All paths of a resource and its subresources; `schema` is the published name of its kind. */
export function pathsOf(resource: ServedResource, schema: string): Record<string, Tree> {
  const { group, version, plural, kind, namespaced, verbs } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`
  const one = `${collection}/{name}`
  const isCustom = !schema.startsWith('io.k8s.')
  const rest = { kind: { group, kind, version }, schema, isCustom }
  const place = namespaced ? [inPath('namespace')] : []
  const paths: Record<string, Tree> = { [collection]: item(verbs, ['list', 'create', 'deletecollection'], place, rest) }
  if (namespaced && verbs.includes('list')) paths[`${root}/${plural}`] = item(verbs, ['list'], [], rest)
  if (verbs.includes('get'))
    paths[one] = item(verbs, ['get', 'update', 'patch', 'delete'], [...place, inPath('name')], rest)
  for (const subresource of resource.subresources)
    Object.assign(paths, subresourcePaths(one, subresource, [...place, inPath('name')], rest))
  return paths
}
