/** Server-side tables (`meta.k8s.io/v1` Table): the columns that kubectl prints. */
import type { KubeObject, Resource } from '../../kubernetes/index.ts'
import type { Tree } from '../../schema/tree.ts'
import { builtinColumns, type Column } from './columns.ts'
import { customColumns, type PrinterColumn } from './custom-columns.ts'
import { cells } from './rows.ts'

export type { PrinterColumn } from './custom-columns.ts'

export interface TableOptions {
  /** Milliseconds since 1970, for ages. */
  now: number
  /** What every row carries of its object; `Metadata` when not given. */
  includeObject?: 'None' | 'Metadata' | 'Object'
  /** The list's own metadata (resourceVersion, continue, remainingItemCount), or the object's resourceVersion. */
  metadata?: Record<string, unknown>
  /** Later events of a watch come without column definitions. */
  withoutColumns?: boolean
  /** Columns of a custom resource (`additionalPrinterColumns` of the served version). */
  printerColumns?: readonly PrinterColumn[]
}

export interface Table {
  kind: 'Table'
  apiVersion: 'meta.k8s.io/v1'
  metadata: Record<string, unknown>
  columnDefinitions: readonly Column[]
  rows: { cells: unknown[]; conditions?: unknown[]; object?: unknown }[]
}

/** The table of some objects of one resource, built-in or (with `printerColumns`) custom. */
export function tableFor(
  resource: Pick<Resource, 'group' | 'version' | 'plural'>,
  objects: readonly KubeObject[],
  options: TableOptions,
): Table {
  const name = `${resource.group}/${resource.version}/${resource.plural}`
  const builtin = options.printerColumns ? undefined : builtinColumns(name)
  const custom = builtin ? undefined : customColumns(options.printerColumns ?? [])
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions: options.withoutColumns ? [] : (builtin ?? custom?.definitions ?? []),
    rows: objects.map((object) => {
      const conditions = completion(resource.plural, object)
      return {
        cells: custom ? custom.cells(object, options.now) : cells(name, object, options.now),
        ...(conditions ? { conditions } : {}),
        ...rowObject(object, options.includeObject),
      }
    }),
  }
}

function rowObject(object: KubeObject, include: TableOptions['includeObject']): { object?: unknown } {
  if (include === 'None') return {}
  if (include === 'Object') return { object }
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } }
}

const ends: Record<string, string> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
}

function completion(plural: string, object: Tree): unknown[] | undefined {
  const message = plural === 'pods' ? ends[object.status?.phase] : undefined
  return message === undefined
    ? undefined
    : [{ type: 'Completed', status: 'True', reason: object.status.phase, message }]
}
