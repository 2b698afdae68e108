/** What a validation says: one cause a field, in Kubernetes' words. */
import { ApiError } from '../kubernetes/index.ts'
import { isMap, type Tree } from './tree.ts'

export interface Cause {
  reason: string
  field: string
  message: string
}

/** A value as messages quote it: JSON, with Go's escapes of `<`, `>` and `&` in objects. */
export function quote(value: Tree): string {
  if (value === undefined) return 'null'
  const text = JSON.stringify(sorted(value))
  if (typeof value !== 'object' || value === null) return text
  return text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026')
}

/** Go writes the keys of maps (labels, quantities) in order, those of structs as they are declared. */
function sorted(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  const keys = Object.keys(value)
  const isTextMap = keys.every((key) => typeof value[key] === 'string')
  return Object.fromEntries((isTextMap ? keys.sort() : keys).map((key) => [key, sorted(value[key])]))
}

const withDetail = (base: string, detail: string): string => (detail === '' ? base : `${base}: ${detail}`)

export const required = (field: string, detail = ''): Cause => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
})
export const invalid = (field: string, value: Tree, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${quote(value)}`, detail),
})
export const typeInvalid = (field: string, value: Tree, detail: string): Cause => ({
  ...invalid(field, value, detail),
  reason: 'FieldValueTypeInvalid',
})
export const forbidden = (field: string, detail: string): Cause => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
})
export const duplicate = (field: string, value: Tree): Cause => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${quote(value)}`,
})
export const notFound = (field: string, value: Tree): Cause => ({
  reason: 'FieldValueNotFound',
  field,
  message: `Not found: ${quote(value)}`,
})
export const notSupported = (field: string, value: Tree, supported: readonly string[]): Cause => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${quote(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
})
export const tooLong = (field: string, most: number): Cause => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${most} bytes`,
})
export const tooMany = (field: string, count: number, most: number): Cause => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${count}: must have at most ${most} items`,
})

/** The 422 of an object that breaks rules: `Deployment.apps "d" is invalid: …`. Equal causes are said once in the message. */
export function invalidError(kind: { group: string; kind: string }, name: string, causes: readonly Cause[]): ApiError {
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))]
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new ApiError(422, 'Invalid', `${qualified} ${JSON.stringify(name)} is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
  })
}
