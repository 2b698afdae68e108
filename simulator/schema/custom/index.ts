/** Custom resources: what a version's structural schema says of its objects. */
import type { Shape } from '../apply/shape.ts'
import type { Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { checkRules, hasRules } from './cel.ts'
import { applySchemaDefaults, pruneUnknown } from './prune.ts'
import { structuralShape } from './shape.ts'
import type { Structural } from './structural.ts'
import { checkListTypes, checkValue } from './validate.ts'

export interface CustomSchema {
  /** For server-side apply and managedFields. */
  shape: Shape
  /** Removes unknown fields in place; gives their paths, in order, for field validation (`unknown field "spec.ghost"`). */
  prune(object: Tree): string[]
  /** Fills in defaults in place. */
  applyDefaults(object: Tree): void
  /** What is wrong with a pruned and defaulted object; `old` on an update. Metadata is not looked at. */
  validate(object: Tree, old?: Tree): Cause[]
}

const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])
const notChecked: Cause = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
}

function validateObject(schema: Structural, object: Tree, old: Tree): Cause[] {
  const { metadata: _, ...content } = object
  const causes = [...checkValue(schema, content, ''), ...checkListTypes(schema, content, '')]
  if (!hasRules(schema)) return causes
  if (causes.some(({ reason }) => blocking.has(reason))) return [...causes, notChecked]
  return [...causes, ...checkRules(schema, object, old)]
}

const made = new WeakMap<object, CustomSchema>()

/** Reads `openAPIV3Schema` of a served version. The same schema object gives the same result. */
export function customSchema(openAPIV3Schema: object): CustomSchema {
  const known = made.get(openAPIV3Schema)
  if (known) return known
  const schema = openAPIV3Schema as Structural
  let shape: Shape | undefined
  const custom: CustomSchema = {
    get shape() {
      return (shape ??= structuralShape({ ...schema, type: 'object' }, true))
    },
    prune: (object) => pruneUnknown(schema, object),
    applyDefaults: (object) => applySchemaDefaults(schema, object),
    validate: (object, old) => validateObject(schema, object, old),
  }
  made.set(openAPIV3Schema, custom)
  return custom
}
