import type { KubeObject, NewObject } from '../kubernetes/index.ts'
import { applyDefaults as defaulted, type ServedResource } from '../schema/index.ts'
import type { Kernel, WriteContext } from './kernel.ts'

/** Reads the object into its type and fills in what the type's defaults say, in place. */
export function applyDefaults(_kernel: Kernel, resource: ServedResource, object: NewObject): void {
  const held = defaulted(resource, object)
  if (held === object) return
  for (const key of Object.keys(object)) if (!(key in held)) delete object[key]
  Object.assign(object, held)
}

/** Throws 422 when the object breaks a rule of its type. */
export function validateObject(
  _kernel: Kernel,
  _resource: ServedResource,
  _object: NewObject,
  _old: KubeObject | undefined,
  _context: WriteContext,
): void {}

/** Writes into managedFields who changed what. */
export function recordManager(
  _kernel: Kernel,
  _resource: ServedResource,
  _old: KubeObject | undefined,
  _object: NewObject,
  _context: WriteContext,
): void {}

/** Looks at an object as it came: unknown and duplicate fields (refused, warned of, or let pass), values of a wrong type (always refused). */
export function checkBody(
  _kernel: Kernel,
  _resource: ServedResource,
  _decoded: { object: NewObject; text?: string; yaml: boolean },
  _context: WriteContext,
): void {}
