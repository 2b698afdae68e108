/** Kubernetes' protobuf form of built-in objects, read into JSON. */
import { ApiError } from '../kubernetes/index.ts'
import { showFields, zeroOf } from './conform.ts'
import { decodeCustom } from './protobuf-custom.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { typeNamed, typeOfKind, type Field, type FieldType, type TypeDefinition } from './types.ts'
import type { Tree } from './tree.ts'

const magic = [0x6b, 0x38, 0x73, 0x00]

/**
 * Decodes an enveloped object (`k8s\0`, then runtime.Unknown) into its JSON form.
 * Throws an ApiError 400 when the bytes are no such message or the kind is unknown.
 */
export function decodeProtobuf(bytes: Uint8Array): Record<string, Tree> {
  if (magic.some((byte, i) => bytes[i] !== byte))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  const { apiVersion, kind, raw } = readEnvelope(bytes.subarray(magic.length))
  const type = typeOfKind(apiVersion, kind)
  if (type === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`)
  return { kind, apiVersion, ...decodeMessage(type, raw) }
}

function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array(0) as Uint8Array }
  const reader = new ProtobufReader(bytes)
  while (!reader.done) {
    const { number, wire } = reader.key()
    if (number === 2) envelope.raw = reader.bytes()
    else if (number === 1) {
      const meta = new ProtobufReader(reader.bytes())
      while (!meta.done) {
        const key = meta.key()
        if (key.number === 1) envelope.apiVersion = meta.string()
        else if (key.number === 2) envelope.kind = meta.string()
        else meta.skip(key.wire)
      }
    } else reader.skip(wire)
  }
  return envelope
}

/** Decodes one message of a known type, with the fields that JSON always shows. */
export function decodeMessage(type: TypeDefinition, bytes: Uint8Array): Record<string, Tree> {
  const object: Record<string, Tree> = {}
  readFields(type, bytes, object)
  showFields(type, object)
  return object
}

function readFields(type: TypeDefinition, bytes: Uint8Array, object: Record<string, Tree>): void {
  const reader = new ProtobufReader(bytes)
  while (!reader.done) {
    const { number, wire } = reader.key()
    const field = type.byNumber.get(number)
    if (field) readField(field, reader, wire, object)
    else {
      const inlined = type.inlined.find((part) => part.number === number)
      const part = inlined && typeNamed(inlined.type)
      if (part) readFields(part, reader.bytes(), object)
      else reader.skip(wire)
    }
  }
}

function readField(field: Field, reader: ProtobufReader, wire: number, object: Record<string, Tree>): void {
  const { type, name } = field
  if (type.kind === 'list') {
    const list: Tree[] = (object[name] ??= [])
    const packed = wire === 2 && type.items.kind === 'scalar' && /^(int|bool)/.test(type.items.scalar)
    if (!packed) list.push(readValue(type.items, reader))
    else {
      const inner = new ProtobufReader(reader.bytes())
      while (!inner.done) list.push(readValue(type.items, inner))
    }
  } else if (type.kind === 'map') {
    const map: Record<string, Tree> = (object[name] ??= {})
    readEntry(type.values, reader.bytes(), map)
  } else object[name] = readValue(type, reader)
}

function readEntry(values: FieldType, bytes: Uint8Array, map: Record<string, Tree>): void {
  const reader = new ProtobufReader(bytes)
  let key = ''
  let value: Tree
  while (!reader.done) {
    const { number, wire } = reader.key()
    if (number === 1) key = reader.string()
    else if (number === 2) value = readValue(values, reader)
    else reader.skip(wire)
  }
  map[key] = value ?? zeroOf(values)
}

/** A list as the value of a map is wrapped in a message with one repeated field (ExtraValue). */
function readWrapped(items: FieldType, bytes: Uint8Array): Tree[] | null {
  const reader = new ProtobufReader(bytes)
  const list: Tree[] = []
  while (!reader.done) {
    const { wire, number } = reader.key()
    if (number === 1) list.push(readValue(items, reader))
    else reader.skip(wire)
  }
  return list.length > 0 ? list : null
}

function readValue(type: FieldType, reader: ProtobufReader): Tree {
  if (type.kind === 'list') return readWrapped(type.items, reader.bytes())
  if (type.kind === 'map') throw badRequest('a map cannot be an element of a list in protobuf')
  if (type.kind === 'scalar') return readScalar(type.scalar, reader)
  const definition = typeNamed(type.name)
  if (definition === undefined) throw badRequest(`unknown type ${type.name}`)
  const bytes = reader.bytes()
  return definition.custom ? decodeCustom(definition, bytes, decodeMessage) : decodeMessage(definition, bytes)
}

function readScalar(scalar: string, reader: ProtobufReader): Tree {
  if (scalar === 'string') return reader.string()
  if (scalar === 'bool') return reader.varint() !== 0n
  if (scalar === 'double') return reader.double()
  if (scalar === 'bytes') return Buffer.from(reader.bytes()).toString('base64')
  const value = BigInt.asIntN(64, reader.varint())
  return Number(scalar === 'int32' ? BigInt.asIntN(32, value) : value)
}
