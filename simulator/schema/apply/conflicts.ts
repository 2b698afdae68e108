/** What an apply that would take fields from others is told (409). */
import { ApiError } from '../../kubernetes/index.ts'
import { pathsOf, type FieldSet } from './field-set.ts'
import { identify, type Manager } from './managed-fields.ts'

export interface Conflict {
  manager: Manager
  fields: FieldSet
}

function nameOf({ name, subresource, operation, apiVersion }: Manager): string {
  const base = JSON.stringify(name) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '')
  return operation === 'Update' ? `${base} using ${apiVersion}` : base
}

/** The refusal of `Apply failed with N conflicts`, one cause a field. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const sorted = [...conflicts].sort((a, b) => (identify(a.manager) < identify(b.manager) ? -1 : 1))
  const all = sorted.map(({ manager, fields }) => ({ name: nameOf(manager), paths: pathsOf(fields) }))
  const causes = all.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  )
  const [only] = causes
  const text =
    causes.length === 1 && only
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${all
          .map(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)].join('\n'))
          .join('\n')}`
  return new ApiError(409, 'Conflict', text, { causes })
}
