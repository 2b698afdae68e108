import { isMap, sameTree, type Tree } from '../tree.ts'

/**
 * The order of a merged list (strategic merge patch): items that the patch names stand in the patch's order, the others keep their place
 * among those that both know.
 */
export function inPatchOrder<T extends Tree>(
  merged: T[],
  patch: Tree[],
  original: Tree[],
  mergeKey: string | undefined,
): T[] {
  const keyOf = (item: Tree): Tree => (mergeKey !== undefined && isMap(item) ? item[mergeKey] : item)
  const place = (list: Tree[], item: Tree): number => list.findIndex((other) => sameTree(keyOf(other), keyOf(item)))
  const named = merged.filter((item) => place(patch, item) >= 0).sort((a, b) => place(patch, a) - place(patch, b))
  const others = merged.filter((item) => place(patch, item) < 0).sort((a, b) => place(original, a) - place(original, b))
  const ordered: T[] = []
  let i = 0
  let j = 0
  while (i < others.length || j < named.length) {
    const other = others[i]
    const next = named[j]
    const otherPlace = other === undefined ? -1 : place(original, other)
    const nextPlace = next === undefined ? -1 : place(original, next)
    const otherFirst =
      next === undefined || (other !== undefined && otherPlace >= 0 && nextPlace >= 0 && otherPlace < nextPlace)
    if (otherFirst && other !== undefined) {
      ordered.push(other)
      i += 1
    } else if (next !== undefined) {
      ordered.push(next)
      j += 1
    }
  }
  return ordered
}
