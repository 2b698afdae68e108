import type { KubeObject, NewObject } from '../kubernetes/index.ts'
import type { ServedResource } from '../schema/index.ts'
import type { Kernel, WriteContext } from './kernel.ts'

/** Fills in what the type's defaults say. */
export function applyDefaults(_kernel: Kernel, _resource: ServedResource, _object: NewObject): void {}

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
