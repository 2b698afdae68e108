/** JSON patch (RFC 6902) with the leniences of the API server: a negative index counts from the end, an absent value is null. */
import { ApiError } from '../../kubernetes/index.ts'
import { copyTree, isMap, sameTree, type Tree } from '../tree.ts'

const mostOperations = 10_000

interface Operation {
  op: string
  path: string
  from?: string
  value?: Tree
}

function refused(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

function tokens(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw refused()
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Index into a list of that many places. */
function indexOf(token: string, places: number): number {
  if (!/^-?\d+$/.test(token)) throw refused()
  const index = Number(token) < 0 ? Number(token) + places : Number(token)
  if (index < 0 || index >= places) throw refused()
  return index
}

function step(container: Tree, token: string): Tree {
  if (Array.isArray(container)) return container[indexOf(token, container.length)]
  return isMap(container) ? container[token] : undefined
}

function parentOf(root: Tree, path: string[]): Tree {
  const parent = path.slice(0, -1).reduce(step, root)
  if (!isMap(parent) && !Array.isArray(parent)) throw refused()
  return parent
}

function add(root: { document: Tree }, path: string[], value: Tree): void {
  const last = path.at(-1)
  if (last === undefined) root.document = value
  else {
    const parent = parentOf(root.document, path)
    if (!Array.isArray(parent)) parent[last] = value
    else if (last === '-') parent.push(value)
    else parent.splice(indexOf(last, parent.length + 1), 0, value)
  }
}

function remove(root: { document: Tree }, path: string[]): void {
  const last = path.at(-1)
  if (last === undefined) throw refused()
  const parent = parentOf(root.document, path)
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length), 1)
  else if (last in parent) delete parent[last]
  else throw refused()
}

function replace(root: { document: Tree }, path: string[], value: Tree): void {
  const last = path.at(-1)
  if (last === undefined) root.document = value
  else {
    const parent = parentOf(root.document, path)
    if (Array.isArray(parent)) parent[indexOf(last, parent.length)] = value
    else if (last in parent) parent[last] = value
    else throw refused()
  }
}

const valueAt = (root: { document: Tree }, path: string[]): Tree => path.reduce(step, root.document)

const operations: Record<string, (root: { document: Tree }, operation: Operation) => void> = {
  add: (root, { path, value = null }) => add(root, tokens(path), copyTree(value)),
  remove: (root, { path }) => remove(root, tokens(path)),
  replace: (root, { path, value = null }) => replace(root, tokens(path), copyTree(value)),
  move(root, { from, path }) {
    const value = valueAt(root, tokens(from))
    remove(root, tokens(from))
    add(root, tokens(path), value)
  },
  copy: (root, { from, path }) => add(root, tokens(path), copyTree(valueAt(root, tokens(from)) ?? null)),
  test(root, { path, value = null }) {
    if (!sameTree(valueAt(root, tokens(path)) ?? null, value)) throw refused()
  },
}

/** Applies the operations to a copy. Throws an ApiError: 422 when one cannot be done, 413 for too many. */
export function jsonPatch(document: Tree, patch: readonly Operation[]): Tree {
  if (patch.length > mostOperations)
    throw new ApiError(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${mostOperations}, got ${patch.length}`,
      {},
    )
  const root = { document: copyTree(document) }
  for (const operation of patch) {
    const apply = operations[operation.op]
    if (apply === undefined) throw refused()
    apply(root, operation)
  }
  return root.document
}
