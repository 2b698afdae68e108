/**
 * An error that a user can see. Every one has a stable code, an HTTP status and a sentence in up to three parts:
 * what happened, why, what to do. Registries of codes stand beside this file, one for each room; docs/errors.md lists them all.
 */
export interface ErrorDefinition {
  status: number
  /** `{name}` is replaced by the detail of that name. */
  sentence: string
}

export class LabwrightError extends Error {
  readonly code: string
  readonly status: number
  readonly details: Record<string, string>

  constructor(code: string, definition: ErrorDefinition, details: Record<string, string> = {}, cause?: unknown) {
    super(
      definition.sentence.replaceAll(/\{(\w+)\}/g, (whole, name: string) => details[name] ?? whole),
      cause === undefined ? undefined : { cause },
    )
    this.name = 'LabwrightError'
    this.code = code
    this.status = definition.status
    this.details = details
  }
}

/** Makes the throwing function of a registry: `const serverError = defineErrors({...})`, then `throw serverError('PORT_IN_USE', {port})`. */
export function defineErrors<const T extends Record<string, ErrorDefinition>>(registry: T) {
  return Object.assign(
    (code: keyof T & string, details?: Record<string, string>, cause?: unknown): LabwrightError => {
      const definition = registry[code]
      if (definition === undefined) throw new Error(`no error ${code} in the registry`)
      return new LabwrightError(code, definition, details, cause)
    },
    { registry },
  )
}
