import { describe, expect, it } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { customResourceDefinitions } from '../../mesh/istiod/install/crds.ts'
import { applyDefaults } from '../defaults/index.ts'
import { isMap, type Tree } from '../tree.ts'
import { validate } from '../validation/index.ts'
import { customSchema, type CustomSchema } from './index.ts'

interface Row {
  name: string
  object: Tree
  status: number
  layer: string
  message: string
  warnings?: string[]
}

const definitions = customResourceDefinitions()
const schemas = new Map<string, CustomSchema>()
for (const { spec } of definitions)
  for (const version of spec.versions)
    schemas.set(`${spec.group}/${version.name} ${spec.names.kind}`, customSchema(version.schema.openAPIV3Schema))

function expand(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(expand)
  if (!isMap(value)) return value
  if ('$repeat' in value) return value.$repeat.repeat(value.$count)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner)]))
}

function causesOf({ object }: Row): string[] {
  const schema = schemas.get(`${object.apiVersion} ${object.kind}`)
  if (schema === undefined) return ['no such kind']
  const held = expand(structuredClone(object))
  const [group, version] = held.apiVersion.split('/')
  schema.prune(held)
  schema.applyDefaults(held)
  const resource = { group, version, kind: held.kind, namespaced: true }
  held.metadata.namespace ??= 'default'
  return [...validate(resource, held), ...schema.validate(held)].map(({ field, message }) => `${field}: ${message}`)
}

/** The causes that a message lists, without order: it changes from run to run. */
function listed(message: string): string[] {
  const text = message.replace(/^\S+ "[^"]*" is invalid: /, '')
  const inner = text.startsWith('[') ? text.slice(1, -1) : text
  return inner.split(/, (?=<nil>: |[a-zA-Z.[\]0-9]+: (?:Invalid|Required|Unsupported|Too|Forbidden|Duplicate))/)
}

const rows: Row[] = readFacts('istio-1.31/admission.json')

describe('Istio’s schemas refuse what a real API server refuses', () => {
  it.each(rows.filter(({ layer }) => layer === 'schema'))('$name', (row) => {
    expect([...new Set(causesOf(row))].toSorted()).toEqual(listed(row.message).toSorted())
  })
})

it('Istio’s schemas let pass what comes to the webhook', () => {
  const passed = rows.filter(
    ({ layer, object }) => (layer === 'accepted' || layer === 'webhook') && object.apiVersion.includes('istio.io'),
  )
  const wrong = passed.filter((row) => causesOf(row).length > 0).map((row) => [row.name, ...causesOf(row)])
  expect(wrong).toEqual([])
})

it('the definitions themselves break no rule', () => {
  const crd = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', namespaced: false }
  for (const definition of definitions) {
    const held: Tree = applyDefaults(crd, definition)
    held.status = { storedVersions: ['v1'] }
    expect(validate(crd, held)).toEqual([])
  }
})
