import type { User } from './api.ts'
import type { KubeObject, NewObject, Resource } from './object.ts'

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  resource: Resource
  subresource?: string
  namespace?: string
  name: string
  /** The object on its way in; mutating plugins change it in place. */
  object?: NewObject
  oldObject?: KubeObject
  user: User
  dryRun: boolean
  /** Becomes a `Warning: 299 - "…"` header. */
  warn: (text: string) => void
}

/** One admission plugin. Throws an `ApiError` to refuse. Plugins run in order: all mutations first, then (after schema validation) all validations. */
export interface AdmissionPlugin {
  name: string
  handles(request: AdmissionRequest): boolean
  mutate?(request: AdmissionRequest): void | Promise<void>
  validate?(request: AdmissionRequest): void | Promise<void>
}
