import { apiVersionOf, ApiError, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'
import { isCustom } from '../write/strategy.ts'
import { servedJson, toServed } from '../versions.ts'
import { tableFor } from '../tables/index.ts'
import type { Representation } from './negotiate.ts'

/** Metadata of a list. */
export interface ListMeta {
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

export interface TableOptions {
  kernel: Kernel
  includeObject: 'None' | 'Metadata' | 'Object'
}

export interface RepresentContext {
  representation: Representation
  tables: TableOptions
}

/** One object in the form that was asked for. */
export function representObject(
  resource: ServedResource,
  object: KubeObject,
  { representation, tables }: RepresentContext,
): string {
  const { form, metaVersion } = representation
  if (form === 'object') return servedJson(resource, object)
  if (form === 'metadata') return partial(object, metaVersion)
  if (form === 'metadata-list')
    throw new ApiError(
      406,
      'NotAcceptable',
      `you requested PartialObjectMetadataList, but the requested object is not a list (*core.${resource.kind})`,
    )
  const meta = { resourceVersion: object.metadata.resourceVersion }
  return table(resource, [object], meta, metaVersion, tables, true)
}

export function representList(
  resource: ServedResource,
  objects: readonly KubeObject[],
  meta: ListMeta,
  { representation, tables }: RepresentContext,
): string {
  const { form, metaVersion } = representation
  if (form === 'table') return table(resource, objects, meta, metaVersion, tables, true)
  const metadata = JSON.stringify(meta)
  if (form !== 'object') {
    if (form === 'metadata')
      throw new ApiError(
        406,
        'NotAcceptable',
        'you requested PartialObjectMetadata, but the requested object is a list',
      )
    const items = objects.map((object) => partial(object, metaVersion)).join(',')
    return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${metaVersion}","metadata":${metadata},"items":[${items}]}\n`
  }
  const apiVersion = apiVersionOf(resource)
  // Items of built-in kinds come without their type, as Go's typed lists do.
  const typeLength = isCustom(resource) ? 1 : `{"kind":"${resource.kind}","apiVersion":"${apiVersion}",`.length
  const items = objects.map((object) => `{${servedJson(resource, object).slice(typeLength)}`).join(',')
  return `{"kind":"${resource.kind}List","apiVersion":"${apiVersion}","metadata":${metadata},"items":[${items}]}\n`
}

function partial(object: KubeObject, metaVersion: string): string {
  return JSON.stringify({
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata: object.metadata,
  })
}

/** A Table; `columns` false leaves out the column definitions, as in all but the first event of a watch. */
export function table(
  resource: ServedResource,
  objects: readonly KubeObject[],
  metadata: ListMeta,
  metaVersion: string,
  { kernel, includeObject }: TableOptions,
  columns: boolean,
): string {
  const printerColumns = kernel.customs.columns(resource)
  const made = tableFor(
    resource,
    objects.map((object) => toServed(resource, object)),
    { now: kernel.clock.now(), includeObject, metadata: { ...metadata }, ...(printerColumns && { printerColumns }) },
  )
  const columnDefinitions = columns ? made.columnDefinitions : null
  return `${JSON.stringify({ ...made, apiVersion: `meta.k8s.io/${metaVersion}`, columnDefinitions })}\n`
}
