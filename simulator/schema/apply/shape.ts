/** How merging sees a value: which lists have keys, which maps are one piece. */
import { typeNamed, typeOfKind, type Field, type FieldType } from '../types.ts'

export type Shape =
  /** `type`: what a configuration must have there; absent where several forms are read (quantities, ports). */
  | { kind: 'scalar'; type?: 'numeric' | 'string' | 'boolean' }
  /** Unknown form: maps merge, lists and scalars are one piece. */
  | { kind: 'untyped' }
  | { kind: 'map'; atomic: boolean; field: (name: string) => MapField | undefined }
  | {
      kind: 'list'
      relation: 'atomic' | 'set' | 'map'
      keys: readonly string[]
      items: Shape
      keyDefaults: Record<string, unknown>
    }

/** A field of a map; `named` when the schema names it, not when it is one of any keys. */
export interface MapField {
  shape: Shape
  named: boolean
}

const scalar: Shape = { kind: 'scalar' }
const untyped: Shape = { kind: 'untyped' }
const atomicList: Shape = { kind: 'list', relation: 'atomic', keys: [], items: scalar, keyDefaults: {} }

/** Structs whose content is free JSON: one piece. */
const freeForm = new Set(['runtime.RawExtension', 'apiextensions.v1.JSON'])
const structs = new Map<string, Shape>()

function shapeOfStruct(name: string): Shape {
  const known = structs.get(name)
  if (known) return known
  const definition = typeNamed(name)
  const fields = new Map<string, MapField>()
  const shape: Shape =
    definition === undefined || freeForm.has(name)
      ? { kind: 'map', atomic: true, field: () => undefined }
      : name === 'meta.v1.FieldsV1'
        ? untyped
        : definition.custom
          ? scalar
          : {
              kind: 'map',
              atomic: definition.atomic,
              field(fieldName) {
                const ready = fields.get(fieldName)
                if (ready) return ready
                const field = definition.fields.get(fieldName)
                if (field === undefined) return undefined
                const made = { shape: shapeOfField(field), named: true }
                fields.set(fieldName, made)
                return made
              },
            }
  structs.set(name, shape)
  return shape
}

const text: Shape = { kind: 'scalar', type: 'string' }
const numeric: Shape = { kind: 'scalar', type: 'numeric' }
const boolean: Shape = { kind: 'scalar', type: 'boolean' }

function shapeOfScalar(name: string): Shape {
  if (name === 'any') return untyped
  if (name === 'string' || name === 'bytes') return text
  return name === 'bool' ? boolean : numeric
}

function shapeOfType(type: FieldType): Shape {
  if (type.kind === 'scalar') return shapeOfScalar(type.scalar)
  if (type.kind === 'struct') return shapeOfStruct(type.name)
  if (type.kind === 'list') return atomicList
  const values = shapeOfType(type.values)
  return { kind: 'map', atomic: false, field: () => ({ shape: values, named: false }) }
}

function shapeOfField(field: Field): Shape {
  const { type } = field
  if (type.kind === 'list') {
    const items = shapeOfType(type.items)
    const relation = field.listType ?? 'atomic'
    return { kind: 'list', relation, keys: field.listMapKeys ?? [], items, keyDefaults: keyDefaults(field) }
  }
  const shape = shapeOfType(type)
  return field.mapType === 'atomic' && shape.kind === 'map' ? { ...shape, atomic: true } : shape
}

function keyDefaults(field: Field): Record<string, unknown> {
  if (field.type.kind !== 'list' || field.type.items.kind !== 'struct') return {}
  const item = typeNamed(field.type.items.name)
  const defaults = (field.listMapKeys ?? []).map((key) => [key, item?.fields.get(key)?.default])
  return Object.fromEntries(defaults.filter(([, value]) => value !== undefined))
}

/** The shape of a built-in kind; undefined when there is no such kind. */
export function mergeShape(apiVersion: string, kind: string): Shape | undefined {
  const type = typeOfKind(apiVersion, kind)
  return type && shapeOfStruct(type.name)
}

/** The shape of metadata, for objects of every kind. */
export function metadataShape(): Shape {
  return shapeOfStruct('meta.v1.ObjectMeta')
}
