/** The form that an object has after the API server has read it into its types and written it again. */
import { canonicalQuantity } from './quantity.ts'
import { isMap, type Tree } from './tree.ts'
import { typeNamed, type Field, type FieldType, type TypeDefinition } from './types.ts'

/**
 * Reads a value as its Go type would and writes it back: unknown fields fall away, empty fields are left out where Go leaves them out and
 * shown where it shows them (`resources: {}`, `status: {}`), quantities become canonical. Expects that `checkFields` had nothing to say.
 */
export function conform(type: TypeDefinition, value: Tree): Record<string, Tree> {
  const object: Record<string, Tree> = {}
  if (isMap(value))
    for (const name of Object.keys(value)) {
      const field = type.fields.get(name)
      const inner = value[name]
      if (field && inner !== null && inner !== undefined) object[name] = conformValue(field.type, inner)
    }
  showFields(type, object)
  return object
}

function conformValue(type: FieldType, value: Tree): Tree {
  if (value === null || value === undefined) return zeroOf(type)
  switch (type.kind) {
    case 'scalar':
      return value
    case 'list':
      return Array.isArray(value) ? value.map((item: Tree) => conformValue(type.items, item)) : value
    case 'map': {
      if (!isMap(value)) return value
      const map: Record<string, Tree> = {}
      for (const key of Object.keys(value)) map[key] = conformValue(type.values, value[key])
      return map
    }
    case 'struct': {
      const definition = typeNamed(type.name)
      if (definition === undefined) return value
      return definition.custom ? conformCustom(definition.name, value) : conform(definition, value)
    }
  }
}

function conformCustom(name: string, value: Tree): Tree {
  if (name === 'resource.Quantity') return canonicalQuantity(String(value)) ?? value
  if (name === 'meta.v1.Time' && typeof value === 'string') return wholeSeconds(value)
  return value
}

function wholeSeconds(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return text
  const time = Date.parse(text)
  return Number.isNaN(time) ? text : `${new Date(time).toISOString().slice(0, 19)}Z`
}

const emptyCustom: Record<string, Tree> = {
  'resource.Quantity': '0',
  'intstr.IntOrString': 0,
  'apiextensions.v1.JSONSchemaPropsOrBool': false,
}

/** What Go writes for the zero value of a type. */
export function zeroOf(type: FieldType): Tree {
  if (type.kind === 'list' || type.kind === 'map') return null
  if (type.kind === 'struct') {
    const definition = typeNamed(type.name)
    if (definition === undefined) return {}
    if (definition.custom) return emptyCustom[definition.name] ?? null
    const object: Record<string, Tree> = {}
    showFields(definition, object)
    return object
  }
  if (type.scalar === 'bool') return false
  if (type.scalar === 'string') return ''
  return type.scalar === 'bytes' || type.scalar === 'any' ? null : 0
}

function isEmpty(value: Tree): boolean {
  if (value === undefined || value === null || value === 0 || value === '' || value === false) return true
  return Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0
}

/** Leaves out and fills in fields as Go's `omitempty` and its absence do. */
export function showFields(type: TypeDefinition, object: Record<string, Tree>): void {
  for (const field of type.fields.values()) showField(field, object)
}

function showField(field: Field, object: Record<string, Tree>): void {
  const { name } = field
  const value = object[name]
  if (field.pointer) {
    if (value === undefined && field.omit === 'never') object[name] = null
  } else if (field.number === undefined && (name === 'apiVersion' || name === 'kind')) {
    // The envelope's own fields: as they came.
  } else if (field.type.kind === 'struct') {
    if (value === undefined || value === null) object[name] = zeroOf(field.type)
    if (field.omit === 'zero' && isEmpty(object[name])) delete object[name]
  } else if (field.omit === 'never') {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) object[name] = zeroOf(field.type)
  } else if (isEmpty(value)) delete object[name]
}
