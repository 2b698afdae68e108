import type { NewObject } from '../../kubernetes/index.ts'
import { conform } from '../conform.ts'
import type { Tree } from '../tree.ts'
import { typeOfKind } from '../types.ts'

/** What a create starts from: the zero value of a built-in kind (structs present, all else absent), or a bare object of any other kind. */
export function emptyObject(apiVersion: string, kind: string): NewObject {
  const type = typeOfKind(apiVersion, kind)
  const zero: Record<string, Tree> = type ? conform(type, {}) : {}
  return { ...zero, apiVersion, kind, metadata: {} }
}
