import { metadataShape, type MapField, type Shape } from '../apply/shape.ts'
import { valuesOf, type Structural } from './structural.ts'

const scalar: Shape = { kind: 'scalar' }
const untyped: Shape = { kind: 'untyped' }

function listShape(schema: Structural): Shape {
  const items = schema.items ? structuralShape(schema.items) : untyped
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const defaults = keys.map((key) => [key, schema.items?.properties?.[key]?.default])
  return {
    kind: 'list',
    relation: schema['x-kubernetes-list-type'] ?? 'atomic',
    keys,
    items,
    keyDefaults: Object.fromEntries(defaults.filter(([, value]) => value !== undefined)),
  }
}

/** How merging sees a value of a structural schema. */
export function structuralShape(schema: Structural, isObject = false): Shape {
  if (schema.type === 'array') return listShape(schema)
  const { properties } = schema
  if (schema['x-kubernetes-int-or-string']) return scalar
  if (schema.type !== 'object')
    return schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'] ? untyped : scalar
  const envelope = isObject || schema['x-kubernetes-embedded-resource'] === true
  const fields = new Map<string, MapField>(
    Object.entries(properties ?? {}).map(([name, property]) => [
      name,
      { shape: structuralShape(property), named: true },
    ]),
  )
  if (envelope) {
    fields.set('metadata', { shape: metadataShape(), named: true })
    for (const name of ['apiVersion', 'kind']) fields.set(name, { shape: scalar, named: true })
  }
  const values = valuesOf(schema)
  const open = schema['x-kubernetes-preserve-unknown-fields']
  const other: MapField | undefined = values
    ? { shape: structuralShape(values), named: false }
    : open
      ? { shape: untyped, named: false }
      : undefined
  return {
    kind: 'map',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    field: (name) => fields.get(name) ?? other,
  }
}
