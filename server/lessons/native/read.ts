import { createHash } from 'node:crypto'
import { readFile, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { labError } from '../../../protocol/errors/lab.ts'
import { labFile, type LabFile } from './schema.ts'

/** lab.yaml as it was read, with a way to say where something stands in it. */
export interface ReadLab {
  file: LabFile
  /** `lab.yaml:12:3` of a path such as `['tasks', 2, 'check']`. */
  where: (at: readonly (string | number)[]) => string
}

/**
 * Reads and checks lab.yaml.
 * @throws LAB_FILE_MISSING, LAB_YAML, LAB_SHAPE
 */
export async function readLabFile(folder: string): Promise<ReadLab> {
  const text = await readLabText(folder, 'lab.yaml', 'lab.yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const wrong = document.errors[0]
  if (wrong)
    throw labError('LAB_YAML', { where: position(lines, wrong.pos[0]), problem: yamlProblem(text, wrong) }, wrong)
  const where = (at: readonly (string | number)[]): string => position(lines, offsetOf(document, at))
  const parsed = v.safeParse(labFile, document.toJS())
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const at = (issue.path ?? []).map((item) => item.key as string | number)
    throw labError('LAB_SHAPE', { where: where(at), problem: shapeProblem(issue, at) })
  }
  return { file: parsed.output, where }
}

/**
 * A text file of the lab.
 * @throws LAB_FILE_OUTSIDE when the path leaves the folder (also through a link), LAB_FILE_MISSING
 */
export async function readLabText(folder: string, file: string, where: string): Promise<string> {
  const full = path.resolve(folder, file)
  try {
    const real = await realpath(full)
    if (!real.startsWith((await realpath(folder)) + path.sep)) throw labError('LAB_FILE_OUTSIDE', { where, file })
    return await readFile(real, 'utf8')
  } catch (cause) {
    if (!full.startsWith(path.resolve(folder) + path.sep)) throw labError('LAB_FILE_OUTSIDE', { where, file }, cause)
    if (cause instanceof LabwrightError) throw cause
    throw labError('LAB_FILE_MISSING', { where, file }, cause)
  }
}

/** Hash of all that lies in the folder: an attempt is pinned to it. */
export async function labVersion(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted()
  for (const name of names) hash.update(`${name}\0`).update(await readFile(path.join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset)
  return line === 0 ? 'lab.yaml' : `lab.yaml:${line}:${col}`
}

function offsetOf(document: Document, at: readonly (string | number)[]): number {
  for (let length = at.length; length > 0; length--) {
    const node = document.getIn(at.slice(0, length), true) as Node | undefined
    if (node?.range) return node.range[0]
  }
  return 0
}

function yamlProblem(text: string, error: { message: string; pos: [number, number] }): string {
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1)
  return /^ *\t/.test(line) ? 'the line is indented with a tab' : error.message.replace(/\.?$/, '')
}

function shapeProblem(issue: v.BaseIssue<unknown>, at: readonly (string | number)[]): string {
  const name =
    at.length === 0
      ? 'lab.yaml'
      : at
          .map((key) => (typeof key === 'number' ? `[${key + 1}]` : `.${key}`))
          .join('')
          .replace(/^\./, '')
  if (issue.type === 'strict_object' && issue.expected === 'never') return `unknown key \`${name}\``
  if (issue.received === 'undefined') return `\`${name}\` is missing`
  return `\`${name}\`: ${issue.message}`
}
