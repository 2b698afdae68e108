/** Tables of custom resources: the columns that their definition asks for. */
import type { Tree } from '../../schema/tree.ts'
import type { Column } from './columns.ts'
import { since } from './format.ts'
import { jsonPath } from './json-path.ts'

/** One of `additionalPrinterColumns`. */
export interface PrinterColumn {
  name: string
  type: string
  jsonPath: string
  format?: string
  description?: string
  priority?: number
}

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

function cellOf(type: string, value: Tree, now: number): unknown {
  if (value === undefined || value === null) return null
  if (type === 'date') return typeof value === 'string' ? since(value, now) : null
  if (type === 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null
  if (type === 'number') return typeof value === 'number' ? value : null
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  return null
}

/** Definitions and cells for a custom resource; without columns of its own it shows its age. */
export function customColumns(columns: readonly PrinterColumn[]): {
  definitions: Column[]
  cells: (object: Tree, now: number) => unknown[]
} {
  const shown = columns.length === 0 ? [age] : columns
  const paths = shown.map(({ type, jsonPath: path }) => ({ type, find: jsonPath(path) }))
  return {
    definitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      ...shown.map(({ name, type, format = '', description = '', priority = 0 }) => ({
        name,
        type,
        format,
        description,
        priority,
      })),
    ],
    cells: (object, now) => [
      object.metadata.name,
      ...paths.map(({ type, find }) => cellOf(type, find(object)[0], now)),
    ],
  }
}
