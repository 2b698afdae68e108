/** Strategic merge patch: lists of the built-in kinds merge by their patch merge key, directives say otherwise. */
import { ApiError } from '../../kubernetes/index.ts'
import { copyTree, isMap, type Tree } from '../tree.ts'
import { typeNamed, typeOfKind, type Field, type TypeDefinition } from '../types.ts'
import { goFormat } from './go-format.ts'
import { inPatchOrder } from './list-order.ts'

type Map = Record<string, Tree>

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

function internal(message: string): ApiError {
  return new ApiError(500, '', message)
}

function typeBelow(field: Field | undefined): TypeDefinition | undefined {
  const type = field?.type.kind === 'list' ? field.type.items : field?.type
  return type?.kind === 'struct' ? typeNamed(type.name) : undefined
}

const merges = (field: Field | undefined): boolean => field?.patchStrategies.includes('merge') ?? false

/** A value that the patch brings where nothing was: its directives and nulls say nothing more. */
function withoutDirectives(value: Tree): Tree {
  if (Array.isArray(value))
    return value
      .filter((item: Tree) => !(isMap(item) && item['$patch'] === 'delete'))
      .map((item: Tree) => withoutDirectives(item))
  if (!isMap(value)) return value
  const kept: Map = {}
  for (const [key, inner] of Object.entries(value)) {
    const directive =
      key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix)
    if (!directive && inner !== null) kept[key] = withoutDirectives(inner)
  }
  return kept
}

function keyOfItem(item: Map, mergeKey: string): Tree {
  if (item[mergeKey] === undefined)
    throw internal(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`)
  return item[mergeKey]
}

function mergeMapLists(original: Map[], patch: Map[], field: Field): Map[] {
  const mergeKey = field.patchMergeKey ?? 'name'
  let merged = [...original]
  const plain: Map[] = []
  let replace = false
  for (const item of patch) {
    const directive = item['$patch']
    if (directive === undefined) plain.push(item)
    else if (directive === 'delete') {
      const key = keyOfItem(item, mergeKey)
      merged = merged.filter((other) => other[mergeKey] !== key)
    } else if (directive === 'replace') replace = true
    else throw internal(`unknown patch type: ${directive} in map: ${goFormat(item)}`)
  }
  if (replace) return plain
  for (const item of plain) {
    const key = keyOfItem(item, mergeKey)
    const at = merged.findIndex((other) => other[mergeKey] === key)
    if (at < 0) merged.push(withoutDirectives(item))
    else merged[at] = mergeMaps(merged[at] ?? {}, item, typeBelow(field))
  }
  return inPatchOrder(merged, plain, original, mergeKey)
}

function mergeLists(original: Tree[], patch: Tree[], field: Field | undefined): Tree[] {
  if (!merges(field) || field === undefined) return patch.map((item) => withoutDirectives(item))
  if ([...original, ...patch].some((item) => isMap(item))) return mergeMapLists(original, patch, field)
  const merged = [...new Set<Tree>([...original, ...patch])]
  return inPatchOrder(merged, patch, original, undefined)
}

function retainKeys(original: Map, patch: Map): Map {
  const keys = patch['$retainKeys']
  if (keys === undefined) return original
  const allowed =
    Array.isArray(keys) &&
    Object.keys(patch).every((key) => key.startsWith('$') || patch[key] === null || keys.includes(key))
  if (!allowed) throw new ApiError(400, 'BadRequest', 'invalid patch format of retainKeys')
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)))
}

/** `$setElementOrder/NAME`: the list, merged with what the patch says of it, in the order that the directive gives. */
function orderLists(original: Map, patch: Map, result: Map, type: TypeDefinition | undefined): void {
  for (const directive of Object.keys(patch).filter((key) => key.startsWith(orderPrefix))) {
    const name = directive.slice(orderPrefix.length)
    const field = type?.fields.get(name)
    const order: Tree[] = patch[directive]
    checkOrder(patch[name], order, field)
    const list: Tree[] | undefined = result[name]
    if (!Array.isArray(list)) continue
    const mapped = list.some((item) => isMap(item))
    result[name] = inPatchOrder(
      list,
      order,
      original[name] ?? [],
      mapped ? (field?.patchMergeKey ?? 'name') : undefined,
    )
  }
}

function checkOrder(patchList: Tree, order: Tree[], field: Field | undefined): void {
  if (!Array.isArray(patchList)) return
  const key = (item: Tree): Tree => (isMap(item) ? item[field?.patchMergeKey ?? 'name'] : item)
  const known = new Set(order.map(key))
  const named = patchList.filter((item: Tree) => !(isMap(item) && item['$patch'] === 'delete'))
  if (named.some((item: Tree) => !known.has(key(item))))
    throw internal(
      `The order in patch list:\n${goFormat(patchList)}\n doesn't match $setElementOrder list:\n${goFormat(order)}\n`,
    )
}

function mergeMaps(original: Map, patch: Map, type: TypeDefinition | undefined): Map {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined) throw internal(`unknown patch type: ${directive} in map: ${goFormat(patch)}`)
  const result: Map = { ...retainKeys(original, patch) }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys' || key.startsWith(orderPrefix)) continue
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length)
      if (Array.isArray(result[name])) result[name] = result[name].filter((item: Tree) => !value.includes(item))
    } else if (value === null) delete result[key]
    else result[key] = mergeField(result[key], value, type?.fields.get(key))
  }
  orderLists(original, patch, result, type)
  return result
}

function mergeField(original: Tree, value: Tree, field: Field | undefined): Tree {
  if (isMap(original) && isMap(value)) {
    if (field?.patchStrategies.includes('replace')) return withoutDirectives(value)
    return mergeMaps(original, value, field?.type.kind === 'list' ? undefined : typeBelow(field))
  }
  if (Array.isArray(original) && Array.isArray(value)) return mergeLists(original, value, field)
  return withoutDirectives(value)
}

/**
 * Merges a patch into an object of a built-in kind. The object given is left alone. Throws an ApiError: 500 for a patch that names no merge
 * key or an unknown directive, 400 for wrong `$retainKeys`, as the API server does.
 */
export function strategicMergePatch(kind: { apiVersion: string; kind: string }, current: Tree, patch: Tree): Tree {
  return copyTree(mergeMaps(current, patch, typeOfKind(kind.apiVersion, kind.kind)))
}
