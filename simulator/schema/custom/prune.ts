/** Dropping what a structural schema does not know, and filling in its defaults. */
import { copyTree, isMap, type Tree } from '../tree.ts'
import { envelopeFields, valuesOf, type Structural } from './structural.ts'

/** Removes unknown fields in place; gives their paths (`spec.ghost`, `spec.list[0].x`). */
export function pruneUnknown(schema: Structural, value: Tree, path = '', isObject = true): string[] {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? value.flatMap((item: Tree, i) => pruneUnknown(items, item, `${path}[${i}]`, false)) : []
  }
  if (!isMap(value)) return []
  const keep = isObject || schema['x-kubernetes-embedded-resource']
  const values = valuesOf(schema)
  return Object.keys(value).flatMap((key) => {
    const below = path === '' ? key : `${path}.${key}`
    if (keep && envelopeFields.includes(key)) return []
    const known = schema.properties?.[key] ?? values
    if (known) return pruneUnknown(known, value[key], below, false)
    if (schema['x-kubernetes-preserve-unknown-fields']) return []
    delete value[key]
    return [below]
  })
}

const isUnwantedNull = (schema: Structural, value: Tree): boolean => value === null && schema.nullable !== true

/** Fills in defaults in place; null where null is not allowed counts as absent. */
export function applySchemaDefaults(schema: Structural, value: Tree): void {
  if (Array.isArray(value)) {
    for (const item of value) if (schema.items) applySchemaDefaults(schema.items, item)
    return
  }
  if (!isMap(value)) return
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (value[name] === undefined || isUnwantedNull(property, value[name])) {
      if (property.default !== undefined) value[name] = copyTree(property.default)
      else if (name in value) delete value[name]
    }
    if (name in value) applySchemaDefaults(property, value[name])
  }
  const values = valuesOf(schema)
  if (values === undefined) return
  for (const key of Object.keys(value)) {
    if (schema.properties?.[key]) continue
    if (isUnwantedNull(values, value[key]) && schema.additionalProperties !== true) delete value[key]
    else applySchemaDefaults(values, value[key])
  }
}
