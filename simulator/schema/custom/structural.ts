import type { Tree } from '../tree.ts'

/** A structural schema, as a CRD carries it in `openAPIV3Schema`. */
export interface Structural {
  type?: string
  nullable?: boolean
  description?: string
  default?: Tree
  format?: string
  enum?: Tree[]
  required?: string[]
  properties?: Record<string, Structural>
  additionalProperties?: Structural | boolean
  items?: Structural
  oneOf?: Structural[]
  anyOf?: Structural[]
  allOf?: Structural[]
  not?: Structural
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-validations'?: Rule[]
}

/** One CEL rule of `x-kubernetes-validations`. */
export interface Rule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

/** The fields of every object, whatever its schema says of them. */
export const envelopeFields: readonly string[] = ['apiVersion', 'kind', 'metadata']

/** The schema of any value of a map (`additionalProperties`); undefined when keys are not open. */
export function valuesOf(schema: Structural): Structural | undefined {
  const { additionalProperties } = schema
  if (additionalProperties === true) return { 'x-kubernetes-preserve-unknown-fields': true }
  return additionalProperties || undefined
}
