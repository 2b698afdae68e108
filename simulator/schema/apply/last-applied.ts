import type { NewObject } from '../../kubernetes/index.ts'
import { isMap, type Tree } from '../tree.ts'
import { compare, fieldsOf } from './compare.ts'
import { difference, emptySet, type FieldSet } from './field-set.ts'
import type { Shape } from './shape.ts'

/**
 * What `kubectl apply` without `--server-side` keeps in an annotation. The API server knows of it, for kubectl's own way from one apply to
 * the other (`lastappliedmanager.go`, `lastappliedupdater.go`).
 */
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** `--field-manager` of kubectl when nobody says otherwise. */
const KUBECTL = 'kubectl'

interface Applying {
  shape: Shape
  manager: string
  applied: NewObject
}

const annotationOf = (object: Tree): string => object.metadata?.annotations?.[ANNOTATION] ?? ''

/** Fields that kubectl applied last and that still are as it left them: it may take them from its other manager without force. */
export function ownedByLastApplied({ shape, manager }: Applying, live: Tree): FieldSet {
  const text = annotationOf(live)
  if (manager !== KUBECTL || text === '') return emptySet()
  const last = parsed(text)
  if (last === undefined || last.apiVersion !== live.apiVersion) return emptySet()
  const { added, modified, removed } = compare(shape, last, live)
  return [added, modified, removed].reduce(difference, fieldsOf(shape, last))
}

/** Writes what kubectl applies now into the annotation, when the object has one. */
export function followApply({ manager, applied }: Applying, merged: Tree): void {
  if (manager !== KUBECTL || annotationOf(merged) === '') return
  const { managedFields: _, ...metadata } = applied.metadata
  const text = `${JSON.stringify(sorted({ ...applied, metadata }))}\n`
  merged.metadata = { ...merged.metadata, annotations: { ...merged.metadata.annotations, [ANNOTATION]: text } }
}

function parsed(text: string): Tree {
  try {
    const value: Tree = JSON.parse(text)
    return isMap(value) ? value : undefined
  } catch {
    // Not what kubectl writes: nothing is known of the last apply.
    return undefined
  }
}

/** Keys in Go's order. */
function sorted(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
