import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { LineCounter, parseAllDocuments } from 'yaml'
import type { NewObject } from '../../kubernetes/index.ts'

/** One resource of a file, and where it stands. */
export interface FileResource {
  object: NewObject
  /** As the user named the file. */
  file: string
  /** 1-based line of a path of the resource (`['spec', 'host']`), or of its nearest parent that has one. */
  lineOf(path: readonly (string | number)[]): number
}

export interface FileProblem {
  file: string
  message: string
}

/** All resources of a text of YAML or JSON documents. */
export function parseResources(text: string, file: string): { resources: FileResource[]; problems: FileProblem[] } {
  const counter = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: counter })
  const resources: FileResource[] = []
  const problems: FileProblem[] = []
  for (const document of 'empty' in documents ? [] : documents) {
    const [error] = document.errors
    if (error !== undefined) {
      problems.push({ file, message: error.message.split('\n')[0] ?? '' })
      continue
    }
    const value: unknown = document.toJS()
    const items = listItems(value)
    for (const [index, object] of items.entries()) {
      if (!isResource(object)) continue
      const base = items.length === 1 && items[0] === value ? [] : ['items', index]
      resources.push({
        object,
        file,
        lineOf(at) {
          for (let length = at.length; length > 0; length--) {
            const node: unknown = document.getIn([...base, ...at.slice(0, length)], true)
            const range = rangeOf(node)
            if (range !== undefined) return counter.linePos(range[0]).line
          }
          const whole: unknown = base.length === 0 ? document.contents : document.getIn(base, true)
          return counter.linePos(rangeOf(whole)?.[0] ?? 0).line
        },
      })
    }
  }
  return { resources, problems }
}

function rangeOf(node: unknown): [number, ...number[]] | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  return Array.isArray(node.range) ? (node.range as [number, ...number[]]) : undefined
}

/** The items of a `List`; any other object is its own only item. */
function listItems(value: unknown): unknown[] {
  const isList =
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'List' && 'items' in value
  return isList && Array.isArray(value.items) ? value.items : [value]
}

function isResource(value: unknown): value is NewObject {
  return typeof value === 'object' && value !== null && 'kind' in value && 'apiVersion' in value && 'metadata' in value
}

/** The YAML and JSON files that an argument names: a file as it is, a folder's own, or with all below it. */
export function filesOf(folder: string, name: string, recursive: boolean): string[] {
  const full = path.resolve(folder, name)
  if (!statSync(full).isDirectory()) return [name]
  return readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(name, entry.name)
    if (entry.isDirectory()) return recursive ? filesOf(folder, inner, recursive) : []
    return /\.(ya?ml|json)$/.test(entry.name) ? [inner] : []
  })
}

export function readText(folder: string, name: string): string {
  return readFileSync(path.resolve(folder, name), 'utf8')
}
