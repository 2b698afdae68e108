import * as v from 'valibot'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { provisionerError } from '../../../protocol/errors/provisioner.ts'
import { serverError } from '../../../protocol/errors/server.ts'
import { provisionerFailure } from '../../../protocol/provisioner.ts'

/** The error that the provisioner answered with, as if it had been thrown here. */
export function errorOf(status: number, body: unknown): Error {
  if (!v.is(provisionerFailure, body)) return new Error(`the provisioner answered with status ${status}`)
  const definitions = { ...serverError.registry, ...provisionerError.registry }
  const definition = definitions[body.code as keyof typeof definitions]
  if (definition === undefined) return new Error(body.sentence)
  return new LabwrightError(body.code, definition, body.details)
}
