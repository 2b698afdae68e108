/** What the API server knows of its types, read from the compact facts when a type is first asked for. */
import typeFacts from './facts/types.facts.json' with { type: 'json' }

export type Scalar = 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'bytes' | 'any'

export type FieldType =
  | { kind: 'scalar'; scalar: Scalar }
  | { kind: 'struct'; name: string }
  | { kind: 'list'; items: FieldType }
  | { kind: 'map'; values: FieldType }

export interface Field {
  name: string
  type: FieldType
  /** Protobuf field number; absent when the field lies in an inlined struct. */
  number?: number
  required: boolean
  /** A Go pointer: absent and zero are two things. */
  pointer: boolean
  omit: 'never' | 'empty' | 'zero'
  /** How server-side apply and structural schemas see a list. */
  listType?: 'atomic' | 'set' | 'map'
  listMapKeys?: readonly string[]
  mapType?: 'atomic' | 'granular'
  /** How strategic merge patch sees the field: `merge`, `replace`, `retainKeys`. */
  patchStrategies: readonly string[]
  patchMergeKey?: string
  default?: unknown
  enum?: readonly string[]
}

export interface TypeDefinition {
  /** `core.v1.Pod`. */
  name: string
  fields: ReadonlyMap<string, Field>
  byNumber: ReadonlyMap<number, Field>
  /** Structs that lie flat in JSON and nested in protobuf. */
  inlined: readonly { number: number; type: string }[]
  gvk: readonly string[]
  /** Writes itself to JSON in a way of its own (Time, Quantity, IntOrString …). */
  custom: boolean
  atomic: boolean
  protobufOnly: boolean
}

const texts: Readonly<Record<string, string>> = typeFacts
const scalars = new Set(['string', 'bool', 'int32', 'int64', 'double', 'bytes', 'any'])

function parseType(text: string): FieldType {
  if (text.startsWith('[]')) return { kind: 'list', items: parseType(text.slice(2)) }
  if (text.startsWith('{}')) return { kind: 'map', values: parseType(text.slice(2)) }
  return scalars.has(text) ? { kind: 'scalar', scalar: text as Scalar } : { kind: 'struct', name: text }
}

type Draft = { -readonly [K in keyof Field]: Field[K] }

const flags: Record<string, (field: Draft, value: string) => void> = {
  required: (field) => (field.required = true),
  ptr: (field) => (field.pointer = true),
  omit: (field) => (field.omit = 'empty'),
  omitzero: (field) => (field.omit = 'zero'),
  set: (field) => (field.listType = 'set'),
  granular: (field) => (field.mapType = 'granular'),
  atomic(field) {
    if (field.type.kind === 'list') field.listType = 'atomic'
    else field.mapType = 'atomic'
  },
  map(field, value) {
    field.listType = 'map'
    field.listMapKeys = value.split(',')
  },
  patch: (field, value) => (field.patchStrategies = value.split(',')),
  key: (field, value) => (field.patchMergeKey = value),
  default: (field, value) => (field.default = JSON.parse(value)),
  enum: (field, value) => (field.enum = value.split(',')),
}

function parseField(line: string): Field {
  const [name = '', number = '-', type = 'any', ...words] = line.split(' ')
  const field: Draft = {
    name,
    type: parseType(type),
    required: false,
    pointer: false,
    omit: 'never',
    patchStrategies: [],
    ...(number === '-' ? {} : { number: Number(number) }),
  }
  for (const word of words) {
    const equals = word.indexOf('=')
    flags[equals < 0 ? word : word.slice(0, equals)]?.(field, word.slice(equals + 1))
  }
  return field
}

/** Fields of an inlined struct are listed flat; whether they are pointers and when they are left out stands with the struct. */
function inherit(fields: Map<string, Field>, struct: string): void {
  for (const inner of typeNamed(struct)?.fields.values() ?? []) {
    const field = fields.get(inner.name)
    if (field && field.number === undefined)
      fields.set(inner.name, { ...field, pointer: inner.pointer, omit: inner.omit })
  }
}

function parseDefinition(name: string, text: string): TypeDefinition {
  const [head = '', ...lines] = text.split('\n')
  const fields = new Map(lines.map(parseField).map((field) => [field.name, field]))
  const words = head.split(' ')
  const gvk =
    words
      .find((word) => word.startsWith('gvk='))
      ?.slice(4)
      .split(',') ?? []
  const inlined = words
    .filter((word) => word.startsWith('inline='))
    .map((word) => {
      const [number, type = ''] = word.slice(7).split(':')
      return { number: Number(number), type }
    })
  for (const part of inlined) inherit(fields, part.type)
  return {
    name,
    fields,
    byNumber: new Map([...fields.values()].flatMap((field) => (field.number ? [[field.number, field]] : []))),
    inlined,
    gvk,
    custom: words.includes('custom'),
    atomic: words.includes('atomic'),
    protobufOnly: words.includes('proto'),
  }
}

const parsed = new Map<string, TypeDefinition>()

/** The type of that short name (`core.v1.Pod`, `meta.v1.ObjectMeta`); undefined when there is none. */
export function typeNamed(name: string): TypeDefinition | undefined {
  const known = parsed.get(name)
  if (known) return known
  const text = texts[name]
  if (text === undefined) return undefined
  const definition = parseDefinition(name, text)
  parsed.set(name, definition)
  return definition
}

let kinds: Map<string, string> | undefined

/** The type behind an object's apiVersion and kind; lists and options too. */
export function typeOfKind(apiVersion: string, kind: string): TypeDefinition | undefined {
  kinds ??= new Map(
    Object.entries(texts).flatMap(([name, text]) => {
      const head = text.slice(0, text.indexOf('\n'))
      const gvk = /gvk=(\S+)/.exec(head)?.[1] ?? ''
      return gvk === '' ? [] : gvk.split(',').map((one): [string, string] => [one, name])
    }),
  )
  // These belong to every group and version.
  if (kind === 'DeleteOptions' || kind === 'WatchEvent') return typeNamed(`meta.v1.${kind}`)
  const name = kinds.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}/${kind}`)
  if (name !== undefined) return typeNamed(name)
  return apiVersion === 'meta.k8s.io/v1' ? typeNamed(`meta.v1.${kind}`) : undefined
}
