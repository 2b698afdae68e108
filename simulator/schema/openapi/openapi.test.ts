import { expect, test } from 'vitest'
import { builtinResources } from '../catalogue.ts'
import { openapiV3, openapiV3Groups } from './index.ts'

test('every group version has a document, and every reference in it leads somewhere', () => {
  for (const path of openapiV3Groups()) {
    const [first, group = '', version = ''] = path.split('/')
    const document = openapiV3(first === 'api' ? { group: '', version: group } : { group, version })
    const schemas = document.components.schemas
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)
    const lost = [...references].map(([, name = '']) => name).filter((name) => !(name in schemas))
    expect({ path, lost }).toEqual({ path, lost: [] })
  }
})

test('each resource tells its kind and that patches take fieldValidation', () => {
  for (const resource of builtinResources.filter(({ verbs }) => verbs.includes('patch'))) {
    const { group, version, plural, kind, namespaced } = resource
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const path = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`
    const { patch } = openapiV3(resource).paths[path]
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group, version, kind })
    expect(patch.parameters).toContainEqual(expect.objectContaining({ name: 'fieldValidation', in: 'query' }))
  }
})

test('lists carry the merge keys that kubectl apply computes patches with', () => {
  const schemas = openapiV3({ group: 'apps', version: 'v1' }).components.schemas
  expect(schemas['io.k8s.api.core.v1.PodSpec'].properties.containers).toMatchObject({
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  })
})

test('a custom resource has its own schema and everybody’s metadata', () => {
  const pods = builtinResources.find(({ plural }) => plural === 'pods')
  if (pods === undefined) throw new Error('no pods')
  const resource = { ...pods, group: 'lab.example.com', kind: 'Widget', plural: 'widgets', subresources: [] }
  const schema = { type: 'object', properties: { spec: { type: 'object' } } }
  const document = openapiV3(resource, [{ resource, schema }])
  expect(Object.keys(document.paths)).toContain('/apis/lab.example.com/v1/namespaces/{namespace}/widgets/{name}')
  const widget = document.components.schemas['com.example.lab.v1.Widget']
  expect(widget['x-kubernetes-group-version-kind']).toEqual([
    { group: 'lab.example.com', version: 'v1', kind: 'Widget' },
  ])
  expect(Object.keys(widget.properties)).toEqual(['spec', 'apiVersion', 'kind', 'metadata'])
  expect(openapiV3({ group: 'nobody.example.com', version: 'v1' })).toBeUndefined()
})

test('no path of a custom resource takes a strategic merge patch: kubectl may ask any of them', () => {
  const pods = builtinResources.find(({ plural }) => plural === 'pods')
  if (pods === undefined) throw new Error('no pods')
  const kind = { group: 'lab.example.com', version: 'v1', kind: 'Widget' }
  const status = { ...pods.subresources.find(({ name }) => name === 'status')!, response: kind }
  const resource = { ...pods, ...kind, plural: 'widgets', subresources: [status] }
  const { paths } = openapiV3(resource, [{ resource, schema: { type: 'object' } }])
  const patches = Object.values<(typeof paths)[string]>(paths).flatMap(({ patch }) =>
    patch ? [Object.keys(patch.requestBody.content)] : [],
  )
  expect(patches).toHaveLength(2)
  for (const types of patches) expect(types).not.toContain('application/strategic-merge-patch+json')
})
