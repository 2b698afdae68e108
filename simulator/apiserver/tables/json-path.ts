/** The simple JSONPath of printer columns: fields, indices, `[*]`, and filters that compare one field. */
import { isMap, type Tree } from '../../schema/tree.ts'

type Step = (values: Tree[]) => Tree[]

const fieldOf =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isMap(value) && value[name] !== undefined ? [value[name]] : []))

const every: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isMap(value) ? Object.values(value) : []))

const indexed =
  (index: number): Step =>
  (values) =>
    values.flatMap((value) => (Array.isArray(value) && value.at(index) !== undefined ? [value.at(index)] : []))

function filtered(path: string, operator: string, wanted: Tree): Step {
  const find = parseSteps(path)
  return (values) =>
    every(values).filter((value) => {
      const [found] = find([value])
      return operator === '!=' ? found !== wanted : found === wanted
    })
}

function literal(text: string): Tree {
  const quoted = /^(['"])(.*)\1$/.exec(text)
  if (quoted) return quoted[2]
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function bracket(text: string): Step {
  if (text === '*') return every
  if (/^-?\d+$/.test(text)) return indexed(Number(text))
  const name = /^(['"])(.*)\1$/.exec(text)?.[2]
  if (name !== undefined) return fieldOf(name)
  const filter = /^\?\(\s*@((?:\.[\w-]+)+)\s*(==|!=)\s*(.+?)\s*\)$/.exec(text)
  if (filter) return filtered(filter[1] ?? '', filter[2] ?? '', literal(filter[3] ?? ''))
  return () => []
}

// A field (dots in it escaped by a backslash), or a bracket whose quotes may hold anything.
const token = /\.?((?:\\.|[^.[\]\\])+)|\[((?:'[^']*'|"[^"]*"|[^\]'"])*)\]/gy

function parseSteps(path: string): Step {
  const steps: Step[] = []
  for (const [, field, inside] of path.matchAll(token))
    if (inside !== undefined) steps.push(bracket(inside.trim()))
    else if (field === '*') steps.push(every)
    else if (field !== undefined) steps.push(fieldOf(field.replaceAll(/\\(.)/g, '$1')))
  return (values) => steps.reduce((found, step) => step(found), values)
}

/** Compiles a path such as `.status.conditions[?(@.type=="Ready")].status`; the function finds all values. */
export function jsonPath(path: string): (object: Tree) => Tree[] {
  const find = parseSteps(path.replace(/^\{|\}$/g, '').replace(/^\$/, ''))
  return (object) => find([object])
}
