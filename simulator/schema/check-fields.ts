/** What decoding says of an object: fields that its type does not have, values of the wrong type. */
import { apiVersionOf, type Resource } from '../kubernetes/index.ts'
import { parseQuantity } from './quantity.ts'
import { isMap, type Tree } from './tree.ts'
import { typeNamed, typeOfKind, type FieldType, type TypeDefinition } from './types.ts'

export interface FieldCheck {
  /** `unknown field "spec.ghost"`, in the order of the document. For `strict decoding error: …` (400) or as warnings, joined by ", ". */
  unknown: string[]
  /** The first value that does not fit: `json: cannot unmarshal string into Go struct field …`. Always an error (400). */
  typeError?: string
}

/** Where a value stands: with indices for unknown fields, without for type errors, and in which struct. */
interface Place {
  path: string
  goPath: string
  struct: string
}

interface Found {
  unknown: string[]
  typeError: string | undefined
}

/** Checks an object that is to be of a built-in kind. An object of a kind that is not built in passes. */
export function checkFields(resource: Pick<Resource, 'group' | 'version' | 'kind'>, object: Tree): FieldCheck {
  const found: Found = { unknown: [], typeError: undefined }
  const type = typeOfKind(apiVersionOf(resource), resource.kind)
  if (type) checkStruct(type, object, { path: '', goPath: '', struct: '' }, found)
  return { unknown: found.unknown, ...(found.typeError === undefined ? {} : { typeError: found.typeError }) }
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
const shortOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

function checkStruct(type: TypeDefinition, value: Tree, place: Place, found: Found): void {
  if (!isMap(value)) return mismatch(value, goStructName(type.name), place, found)
  for (const [name, inner] of Object.entries(value)) {
    const field = type.fields.get(name)
    const path = join(place.path, name)
    if (field === undefined) {
      // The apiVersion and kind of nested objects are known to their Go types.
      found.unknown.push(`unknown field "${path}"`)
    } else if (inner !== null)
      checkValue(field.type, inner, { path, goPath: join(place.goPath, name), struct: shortOf(type.name) }, found)
  }
}

/** `core.v1.PodSpec` -> `v1.PodSpec`, as Go names it. */
function goStructName(name: string): string {
  return name.split('.').slice(-2).join('.')
}

function goType(type: FieldType): string {
  if (type.kind === 'list') return `[]${goType(type.items)}`
  if (type.kind === 'map') return `map[string]${goType(type.values)}`
  if (type.kind === 'struct') return goStructName(type.name)
  if (type.scalar === 'double') return 'float64'
  return type.scalar === 'bytes' ? '[]uint8' : type.scalar
}

function kindOf(value: Tree): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

function mismatch(value: Tree, wanted: string, place: Place, found: Found, what = kindOf(value)): void {
  const target =
    place.goPath === ''
      ? `Go value of type ${wanted}`
      : `Go struct field ${place.struct}.${place.goPath} of type ${wanted}`
  found.typeError ??= `json: cannot unmarshal ${what} into ${target}`
}

function checkValue(type: FieldType, value: Tree, place: Place, found: Found): void {
  switch (type.kind) {
    case 'list':
      if (!Array.isArray(value)) return mismatch(value, goType(type), place, found)
      return value.forEach((item: Tree, i) => {
        if (item !== null) checkValue(type.items, item, { ...place, path: `${place.path}[${i}]` }, found)
      })
    case 'map':
      if (!isMap(value)) return mismatch(value, goType(type), place, found)
      return Object.entries(value).forEach(([key, inner]) => {
        if (inner !== null) checkValue(type.values, inner, { ...place, path: `${place.path}.${key}` }, found)
      })
    case 'struct': {
      const definition = typeNamed(type.name)
      if (definition === undefined) return undefined
      return definition.custom ? checkCustom(type.name, value, found) : checkStruct(definition, value, place, found)
    }
    case 'scalar':
      return checkScalar(type.scalar, value, place, found)
  }
}

const largest = { int32: 2 ** 31 - 1, int64: Number.MAX_SAFE_INTEGER * 1024 }

function checkScalar(scalar: string, value: Tree, place: Place, found: Found): void {
  if (scalar === 'any') return
  if (scalar === 'bytes') {
    if (typeof value !== 'string') mismatch(value, '[]uint8', place, found)
    else checkBase64(value, found)
    return
  }
  if (scalar === 'int32' || scalar === 'int64') {
    if (typeof value !== 'number') mismatch(value, scalar, place, found)
    else if (!Number.isInteger(value) || Math.abs(value) > largest[scalar])
      mismatch(value, scalar, place, found, `number ${value}`)
    return
  }
  const wanted = { string: 'string', bool: 'boolean', double: 'number' }[scalar]
  if (typeof value !== wanted) mismatch(value, scalar === 'double' ? 'float64' : scalar, place, found)
}

/** Base64 that Go would refuse, at the byte where it would. */
function checkBase64(text: string, found: Found): void {
  const clean = text.replaceAll(/[\r\n]/g, '')
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(clean)) return
  const wrong = /[^A-Za-z0-9+/]/.exec(clean)
  const at = wrong ? wrong.index : Math.floor(clean.length / 4) * 4
  found.typeError ??= `illegal base64 data at input byte ${at}`
}

const quantityPattern = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function checkCustom(name: string, value: Tree, found: Found): void {
  if (name === 'resource.Quantity') {
    if (typeof value !== 'number' && parseQuantity(String(value)) === undefined)
      found.typeError ??= /^[+-]?[0-9.]+[eEinumkKMGTP]+$/.test(String(value))
        ? "unable to parse quantity's suffix"
        : quantityPattern
  } else if (name === 'intstr.IntOrString') {
    if (typeof value !== 'string' && typeof value !== 'number')
      found.typeError ??= `json: cannot unmarshal ${kindOf(value)} into Go value of type int32`
  } else if (name === 'meta.v1.Time' || name === 'meta.v1.MicroTime') {
    if (typeof value !== 'string')
      found.typeError ??= `json: cannot unmarshal ${kindOf(value)} into Go value of type string`
    else if (Number.isNaN(Date.parse(value)))
      found.typeError ??= `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`
  }
}
