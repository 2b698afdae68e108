import type { Resource } from './object.ts'
import { ApiError, type Status } from './status.ts'

/** The refusals that several rooms speak, in the API server's own sentences (apimachinery `pkg/api/errors`). */

type Of = Pick<Resource, 'group' | 'plural'>
type Cause = NonNullable<NonNullable<Status['details']>['causes']>[number]

/** `deployments.apps`, `pods`. */
export function qualified({ group, plural }: Of): string {
  return group === '' ? plural : `${plural}.${group}`
}

function details({ group, plural }: Of, name: string): NonNullable<Status['details']> {
  return { ...(name && { name }), ...(group && { group }), kind: plural }
}

export function notFound(resource: Of, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, details(resource, name))
}

export function alreadyExists(resource: Of, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, details(resource, name))
}

export function conflict(resource: Of, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`
  return new ApiError(409, 'Conflict', message, details(resource, name))
}

export function forbidden(resource: Of, name: string, why: string): ApiError {
  const what = name === '' ? `${qualified(resource)} is forbidden` : `${qualified(resource)} "${name}" is forbidden`
  return new ApiError(403, 'Forbidden', `${what}: ${why}`, details(resource, name))
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

/** `causes` in field order: `{field: 'spec.replicas', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be …'}`. */
export function invalid(of: { group: string; kind: string }, name: string, causes: Cause[]): ApiError {
  const lines = causes.map(({ field, message = '' }) => (field ? `${field}: ${message}` : message))
  const list = lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`
  const kind = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const message = `${kind} "${name}" is invalid: ${list}`
  return new ApiError(422, 'Invalid', message, {
    ...(name && { name }),
    ...(of.group && { group: of.group }),
    kind: of.kind,
    causes,
  })
}

export function internalError(message: string, cause?: unknown): ApiError {
  const details = { causes: [{ message }] }
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, details, cause)
}
