/** An apply is refused as a whole when its configuration does not fit the kind's schema. */
import { ApiError } from '../../kubernetes/index.ts'
import { goFormat } from '../patch/go-format.ts'
import { isMap, type Tree } from '../tree.ts'
import { elementOf, isAssociative } from './path-elements.ts'
import { pathsOf, type FieldSet } from './field-set.ts'
import type { Shape } from './shape.ts'

function pathText(elements: string[]): string {
  const leaf: FieldSet = { member: true, children: new Map() }
  const set = elements.reduceRight<FieldSet>(
    (inner, element) => ({ member: false, children: new Map([[element, inner]]) }),
    leaf,
  )
  return pathsOf(set)[0] ?? ''
}

/** What Go calls the type of a value from JSON. */
function goType(value: Tree): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? '[]interface {}' : isMap(value) ? 'map[string]interface {}' : 'string'
}

/** A value of another form than the schema's, in the words of structured-merge-diff. */
function misfit(shape: Shape, value: Tree): string | undefined {
  if (value === null || value === undefined) return undefined
  const shown = goFormat(value)
  if (shape.kind === 'list') return Array.isArray(value) ? undefined : `expected list, got &{${shown}}`
  if (shape.kind === 'map') return isMap(value) ? undefined : `expected map, got &{${shown}}`
  if (shape.kind !== 'scalar' || shape.type === undefined) return undefined
  if (shape.type === 'numeric')
    return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`
  if (shape.type === 'string')
    return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${shown}}`
  return typeof value === 'boolean' ? undefined : `expected boolean, got &{${shown}}`
}

function problems(shape: Shape, value: Tree, path: string[]): string[] {
  const wrong = misfit(shape, value)
  if (wrong !== undefined) return [`${pathText(path)}: ${wrong}`]
  if (shape.kind === 'map' && !shape.atomic && isMap(value))
    return Object.entries(value).flatMap(([name, inner]) => {
      const field = shape.field(name)
      const below = [...path, `f:${name}`]
      return field ? problems(field.shape, inner, below) : [`${pathText(below)}: field not declared in schema`]
    })
  if (!isAssociative(shape) || !Array.isArray(value)) return []
  const seen = new Set<string>()
  return value.flatMap((item: Tree) => {
    const element = elementOf(shape, item)
    if (seen.has(element)) return [`${pathText(path)}: duplicate entries for key ${pathText([element])}`]
    seen.add(element)
    return problems(shape.items, item, [...path, element])
  })
}

/** Throws an ApiError 500, as the API server does, for unknown fields, values of another form, and items with the same key. */
export function checkTyped(shape: Shape, applied: Tree): void {
  const found = problems(shape, applied, [])
  if (found.length === 0) return
  const { namespace = '', name = '' } = applied.metadata ?? {}
  const list = found.length === 1 ? found[0] : `errors:\n${found.map((text) => `  ${text}`).join('\n')}`
  const what = `(${namespace}/${name}; ${applied.apiVersion}, Kind=${applied.kind})`
  throw new ApiError(500, '', `failed to create typed patch object ${what}: ${list}`)
}
