import { parseAllDocuments } from 'yaml'
import { ApiError, badRequest, type NewObject } from '../../kubernetes/index.ts'
import { checkFields, duplicateFields, goFormat, type FieldCheck, type ServedResource } from '../../schema/index.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { schemaOf } from '../typing.ts'
import type { Decoded } from './body.ts'

/** Metadata is of one type in every kind. */
const anyKind = { group: '', version: 'v1', kind: 'ConfigMap' }

function fieldsOf(kernel: Kernel, resource: ServedResource, object: NewObject): FieldCheck {
  const schema = schemaOf(kernel, resource)
  if (schema === undefined) return checkFields(resource, object)
  const { unknown, typeError } = checkFields(anyKind, { metadata: object.metadata })
  return {
    unknown: [
      ...unknown,
      ...schema.prune(structuredClone(object)).map((path) => `unknown field ${JSON.stringify(path)}`),
    ],
    ...(typeError !== undefined && { typeError }),
  }
}

/**
 * Looks at an object as it came: unknown and duplicate fields (refused, warned of, or let pass, as the request wants it),
 * values of a wrong type (always refused).
 */
export function checkBody(
  kernel: Kernel,
  resource: ServedResource,
  { object, text, yaml }: Decoded,
  context: WriteContext,
): void {
  const { unknown, typeError } = fieldsOf(kernel, resource, object)
  const refuse = (why: string): ApiError =>
    badRequest(`${object.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`)
  if (typeError !== undefined) throw refuse(typeError)
  if (context.fieldValidation === 'Ignore') return
  const duplicates = text === undefined ? [] : yaml ? duplicateKeys(text) : duplicateFields(text)
  const problems = [...duplicates, ...unknown]
  if (problems.length === 0) return
  if (context.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${problems.join(', ')}`)
  for (const problem of problems) context.warn(problem)
}

function duplicateKeys(text: string): string[] {
  const [document] = parseAllDocuments(text, { version: '1.1', merge: true })
  if (document === undefined || 'empty' in document) return []
  return document.errors
    .filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ linePos, pos }) => {
      const key = /^[^:\s]+/.exec(text.slice(pos[0]))?.[0] ?? ''
      return `line ${linePos?.[0].line ?? 0}: key ${JSON.stringify(key)} already set in map`
    })
}

/** The same for an object that a patch made; refusals then name the patch (422). */
export function checkPatched(
  kernel: Kernel,
  resource: ServedResource,
  { patched, patch, type }: { patched: NewObject; patch: unknown; type: string },
  context: WriteContext,
): void {
  const refuse = (why: string): ApiError => {
    const { apiVersion, kind, ...rest } = patched
    const shown = JSON.stringify(type === 'strategic' ? goFormat(patch) : JSON.stringify({ apiVersion, kind, ...rest }))
    const message = `Invalid value: ${shown}: ${why}`
    return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
      causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
    })
  }
  if (patched.kind !== undefined && patched.kind !== resource.kind)
    throw refuse(
      `no kind "${patched.kind}" is registered for version "${patched.apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    )
  const { unknown, typeError } = fieldsOf(kernel, resource, patched)
  if (typeError !== undefined) throw refuse(typeError)
  if (unknown.length === 0 || context.fieldValidation === 'Ignore') return
  if (context.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${unknown.join(', ')}`)
  for (const problem of unknown) context.warn(problem)
}
