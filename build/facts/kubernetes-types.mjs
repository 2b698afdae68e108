// The compact text of a type: a head line, then one line a field. `simulator/schema/types.ts` reads it.
const packages = {
  'io.k8s.api.': '',
  'io.k8s.apimachinery.pkg.apis.': '',
  'io.k8s.apiextensions-apiserver.pkg.apis.': '',
  'io.k8s.kube-aggregator.pkg.apis.': '',
  'io.k8s.apimachinery.pkg.api.': '',
  'io.k8s.apimachinery.pkg.util.': '',
  'io.k8s.apimachinery.pkg.': '',
}

/** `io.k8s.api.core.v1.Pod` -> `core.v1.Pod`. */
export function shortName(name) {
  const prefix = Object.keys(packages).find((candidate) => name.startsWith(candidate))
  if (prefix === undefined) throw new Error(`unknown package of type ${name}`)
  return name.slice(prefix.length)
}

function openapiType(schema) {
  if (schema.ref) return shortName(schema.ref)
  if (schema.type === 'array') return `[]${openapiType(schema.items)}`
  if (schema.type === 'object')
    return schema.additionalProperties ? `{}${openapiType(schema.additionalProperties)}` : 'any'
  if (schema.type === 'integer') return schema.format === 'int64' ? 'int64' : 'int32'
  if (schema.type === 'boolean') return 'bool'
  if (schema.type === 'number') return 'double'
  if (schema.type === 'string') return schema.format === 'byte' ? 'bytes' : 'string'
  return 'any'
}

function protobufType(pb) {
  if (pb.kind === 'map') return `{}${pb.msg ? shortName(pb.msg) : pb.val}`
  const one = pb.msg ? shortName(pb.msg) : pb.kind
  return pb.rep ? `[]${one}` : one
}

const isZero = (value) =>
  value === '' || value === 0 || value === false || (typeof value === 'object' && Object.keys(value).length === 0)

function fieldLine(name, field) {
  const words = [
    name,
    field.pb?.n ?? '-',
    field.type || field.ref ? openapiType(field) : field.pb ? protobufType(field.pb) : 'any',
  ]
  if (field.required) words.push('required')
  if (field.ptr) words.push('ptr')
  if (field.omit) words.push(field.omit === 'empty' ? 'omit' : 'omitzero')
  if (field.listType === 'map') words.push(`map=${field.listMapKeys.join(',')}`)
  else if (field.listType) words.push(field.listType)
  if (field.mapType) words.push(field.mapType)
  if (field.patchStrategy) words.push(`patch=${field.patchStrategy}`)
  if (field.patchMergeKey) words.push(`key=${field.patchMergeKey}`)
  if (field.default !== undefined && !isZero(field.default)) words.push(`default=${JSON.stringify(field.default)}`)
  const allowed = field.enum ?? field.items?.enum
  if (allowed) words.push(`enum=${allowed.join(',')}`)
  return words.join(' ')
}

export function compactType(definition) {
  const head = []
  // DeleteOptions and WatchEvent belong to every group; the reader knows that.
  if (definition.gvk && definition.gvk.length < 3) head.push(`gvk=${definition.gvk.join(',')}`)
  if (definition.mapType) head.push(definition.mapType)
  if (definition.customJSON) head.push('custom')
  if (definition.protoOnly) head.push('proto')
  for (const part of definition.inline ?? []) if (part.pb) head.push(`inline=${part.pb.n}:${shortName(part.pb.msg)}`)
  return [head.join(' '), ...Object.entries(definition.fields).map(([name, field]) => fieldLine(name, field))].join(
    '\n',
  )
}
