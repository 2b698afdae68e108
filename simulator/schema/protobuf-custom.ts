/** Types whose JSON form is not that of their message: times, quantities, numbers-or-names, raw JSON. */
import { ProtobufReader } from './protobuf-reader.ts'
import type { Tree } from './tree.ts'
import { typeNamed, type TypeDefinition } from './types.ts'

type DecodeMessage = (type: TypeDefinition, bytes: Uint8Array) => Tree
type Fields = Map<number, (Uint8Array | bigint)[]>

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new ProtobufReader(bytes)
  const fields: Fields = new Map()
  while (!reader.done) {
    const { number, wire } = reader.key()
    const value = wire === 0 ? reader.varint() : reader.bytes()
    fields.set(number, [...(fields.get(number) ?? []), value])
  }
  return fields
}

const utf8 = new TextDecoder()
const bytesAt = (fields: Fields, number: number): Uint8Array | undefined => {
  const value = fields.get(number)?.at(-1)
  return value instanceof Uint8Array ? value : undefined
}
const textAt = (fields: Fields, number: number): string => utf8.decode(bytesAt(fields, number) ?? new Uint8Array(0))
const numberAt = (fields: Fields, number: number): number => {
  const value = fields.get(number)?.at(-1)
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0
}

function time(fields: Fields, fraction: boolean): string | null {
  if (fields.size === 0) return null
  const seconds = new Date(numberAt(fields, 1) * 1000).toISOString().slice(0, 19)
  if (!fraction) return `${seconds}Z`
  const micros = Math.floor(numberAt(fields, 2) / 1000)
  return `${seconds}.${String(micros).padStart(6, '0')}Z`
}

function schemaOr(fields: Fields, decode: DecodeMessage, other: () => Tree, number = 1): Tree {
  const bytes = bytesAt(fields, number)
  const type = typeNamed('apiextensions.v1.JSONSchemaProps')
  return bytes && type ? decode(type, bytes) : other()
}

function schemas(fields: Fields, decode: DecodeMessage): Tree {
  const type = typeNamed('apiextensions.v1.JSONSchemaProps')
  return (fields.get(2) ?? []).flatMap((bytes) => (type && bytes instanceof Uint8Array ? [decode(type, bytes)] : []))
}

/** Decodes a message whose type has `custom` set. */
export function decodeCustom(type: TypeDefinition, bytes: Uint8Array, decode: DecodeMessage): Tree {
  const fields = fieldsOf(bytes)
  switch (type.name.slice(type.name.lastIndexOf('.') + 1)) {
    case 'Time':
      return time(fields, false)
    case 'MicroTime':
      return time(fields, true)
    case 'Quantity':
      return textAt(fields, 1) || '0'
    case 'IntOrString':
      return numberAt(fields, 1) === 0 ? numberAt(fields, 2) : textAt(fields, 3)
    case 'JSONSchemaPropsOrBool':
      return schemaOr(fields, decode, () => numberAt(fields, 1) !== 0, 2)
    case 'JSONSchemaPropsOrArray':
      return schemaOr(fields, decode, () => schemas(fields, decode))
    case 'JSONSchemaPropsOrStringArray':
      return schemaOr(fields, decode, () => (fields.get(2) ?? []).map((text) => utf8.decode(text as Uint8Array)))
    default: {
      const raw = textAt(fields, 1)
      return raw === '' ? null : JSON.parse(raw)
    }
  }
}
