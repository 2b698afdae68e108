import type { AdmissionPlugin, Clock, Random, ResourceName, User } from '../kubernetes/index.ts'
import type { Store } from '../storage/index.ts'
import type { Allocator } from './allocator.ts'
import type { Catalog } from './catalog.ts'
import type { CustomResources } from './custom-resources.ts'
import type { VirtualResource } from './virtual.ts'

/** What every request of one cluster works on. */
export interface Kernel {
  store: Store
  catalog: Catalog
  clock: Clock
  random: Random
  /** In order. */
  admission: readonly AdmissionPlugin[]
  allocator: Allocator
  /** What the installed CustomResourceDefinitions say. */
  customs: CustomResources
  /** Resources that are computed, by name. */
  virtual: Map<ResourceName, VirtualResource>
}

/** How a write is asked for. */
export interface WriteContext {
  user: User
  /** Field manager. */
  manager: string
  dryRun: boolean
  fieldValidation: 'Strict' | 'Warn' | 'Ignore'
  /** Becomes a Warning header. */
  warn: (text: string) => void
  subresource?: string
}
