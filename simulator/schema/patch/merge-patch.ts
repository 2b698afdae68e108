import { copyTree, isMap, type Tree } from '../tree.ts'

/** JSON merge patch (RFC 7386): maps merge, null removes, all else replaces. The document given is left alone. */
export function mergePatch(document: Tree, patch: Tree): Tree {
  if (!isMap(patch)) return copyTree(patch)
  const result: Record<string, Tree> = isMap(document) ? { ...document } : {}
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  return result
}
