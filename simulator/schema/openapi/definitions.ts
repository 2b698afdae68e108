/** Schemas of the built-in types. */
import type { Tree } from '../tree.ts'
import { typeNamed, type Field, type FieldType, type TypeDefinition } from '../types.ts'
import { describeField, describeType } from './descriptions.ts'
import { fullName } from './names.ts'

const scalars: Record<string, Tree> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object' },
}

const customForms: Record<string, Tree> = {
  'meta.v1.Time': { type: 'string', format: 'date-time' },
  'meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'intstr.IntOrString': { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  'meta.v1.FieldsV1': { type: 'object' },
  'runtime.RawExtension': { type: 'object' },
}

const reference = (name: string): Tree => ({ $ref: `#/components/schemas/${fullName(name)}` })

function schemaOfType(type: FieldType): Tree {
  if (type.kind === 'scalar') return { ...scalars[type.scalar] }
  if (type.kind === 'list') return { type: 'array', items: schemaOfType(type.items) }
  if (type.kind === 'map') return { type: 'object', additionalProperties: schemaOfType(type.values) }
  return reference(type.name)
}

function schemaOfField(owner: string, field: Field): Tree {
  const schema = field.type.kind === 'struct' ? { allOf: [schemaOfType(field.type)] } : schemaOfType(field.type)
  const description = describeField(owner, field.name)
  const target = field.type.kind === 'list' ? schema.items : schema
  if (field.enum) target.enum = [...field.enum]
  if (description !== undefined) schema.description = description
  if (field.default !== undefined) schema.default = field.default
  if (field.listType) schema['x-kubernetes-list-type'] = field.listType
  if (field.listMapKeys) schema['x-kubernetes-list-map-keys'] = [...field.listMapKeys]
  if (field.mapType) schema['x-kubernetes-map-type'] = field.mapType
  if (field.patchStrategies.length > 0) schema['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',')
  if (field.patchMergeKey) schema['x-kubernetes-patch-merge-key'] = field.patchMergeKey
  return schema
}

function schemaOfDefinition(type: TypeDefinition): Tree {
  const custom = customForms[type.name]
  if (custom) return { ...custom }
  const fields = [...type.fields.values()]
  const required = fields.filter((field) => field.required).map((field) => field.name)
  const description = describeType(type.name)
  return {
    ...(description === undefined ? {} : { description }),
    ...(type.custom ? {} : { type: 'object' }),
    ...(required.length > 0 ? { required } : {}),
    ...(fields.length > 0
      ? { properties: Object.fromEntries(fields.map((field) => [field.name, schemaOfField(type.name, field)])) }
      : {}),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(type.gvk.length > 0 ? { 'x-kubernetes-group-version-kind': type.gvk.map(parseKind) } : {}),
  }
}

function parseKind(text: string): Tree {
  const [group, version, kind] = text.split('/')
  return { group, kind, version }
}

function structsIn(type: FieldType): string[] {
  if (type.kind === 'struct') return [type.name]
  if (type.kind === 'list') return structsIn(type.items)
  return type.kind === 'map' ? structsIn(type.values) : []
}

/** The schemas of the named types and of all that they refer to, by published name. */
export function definitionsOf(names: readonly string[]): Record<string, Tree> {
  const schemas: Record<string, Tree> = {}
  const queue = [...names]
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const full = fullName(name)
    const type = typeNamed(name)
    if (type === undefined || schemas[full] !== undefined) continue
    schemas[full] = schemaOfDefinition(type)
    for (const field of type.fields.values()) queue.push(...structsIn(field.type))
  }
  return schemas
}
