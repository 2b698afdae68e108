/** Open trees of settings: what `values`, `meshConfig` and an IstioOperator are before anything knows them better. */
export interface Tree {
  [key: string]: TreeValue
}
export type TreeValue = string | number | boolean | null | undefined | TreeValue[] | Tree

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a path; undefined where it ends early. */
export function at(tree: TreeValue, ...path: string[]): TreeValue {
  return path.reduce<TreeValue>((node, key) => (isTree(node) ? node[key] : undefined), tree)
}

export function textAt(tree: TreeValue, ...path: string[]): string {
  return textOf(at(tree, ...path))
}

/** A scalar as text; empty for everything else. */
export function textOf(value: TreeValue): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

/** A map of texts: labels, annotations, variables. */
export function textMap(value: TreeValue): Record<string, string> {
  return isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, textOf(text)])) : {}
}

export function flagAt(tree: TreeValue, ...path: string[]): boolean {
  return at(tree, ...path) === true
}

/** Later wins; maps merge, lists and scalars replace, as helm merges values. */
export function merge(base: Tree, over: Tree): Tree {
  const result: Tree = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const own = result[key]
    result[key] = isTree(own) && isTree(value) ? merge(own, value) : value
  }
  return result
}

export function cloneTree(tree: Tree): Tree {
  return structuredClone(tree)
}
