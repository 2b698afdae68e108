/** CEL rules of a structural schema (`x-kubernetes-validations`). A rule that cannot be evaluated refuses the object. */
import type { Environment } from '@marcbachmann/cel-js'
import type { Cause } from '../causes.ts'
import { isMap, type Tree } from '../tree.ts'
import { celEnvironment } from './cel-environment.ts'
import { valuesOf, type Rule, type Structural } from './structural.ts'
import { typeName } from './validate.ts'

type Evaluate = (context: Record<string, unknown>) => unknown

let environment: Environment | undefined
const compiled = new Map<string, Evaluate>()

function evaluator(expression: string): Evaluate {
  const known = compiled.get(expression)
  if (known) return known
  environment ??= celEnvironment()
  const evaluate = environment.parse(expression) as Evaluate
  compiled.set(expression, evaluate)
  return evaluate
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

/** The name of a property in CEL: reserved words and signs are escaped. */
function celName(name: string): string {
  if (reserved.has(name)) return `__${name}__`
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
}

/** A JSON value as CEL sees it: integers are int, date-times timestamps. */
function celValue(schema: Structural | undefined, value: Tree): unknown {
  if (typeof value === 'number') return schema?.type === 'number' || !Number.isInteger(value) ? value : BigInt(value)
  if (Array.isArray(value)) return value.map((item: Tree) => celValue(schema?.items, item))
  if (typeof value === 'string' && schema?.format === 'date-time') return new Date(value)
  if (!isMap(value)) return value
  const object: Record<string, unknown> = {}
  const values = schema && valuesOf(schema)
  for (const [key, inner] of Object.entries(value)) {
    const property = schema?.properties?.[key]
    object[property ? celName(key) : key] = celValue(property ?? values, inner)
  }
  return object
}

/** An evaluation error in the words of the API server's CEL. */
function errorText(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  if (text.startsWith('Invalid duration string'))
    return "type conversion error from 'string' to 'google.protobuf.Duration'"
  if (/^(bigint|int)\(\) type error|Cannot convert|conversion error.*int/i.test(text))
    return "type conversion error from 'string' to 'int'"
  return text.replace(/^No such key/, 'no such key')
}

function messageOf(rule: Rule, context: Record<string, unknown>): string {
  if (rule.messageExpression)
    try {
      const text = evaluator(rule.messageExpression)(context)
      if (typeof text === 'string' && text.trim() !== '') return text
    } catch {
      // A message that cannot be made falls back to the plain one, as in the API server.
    }
  return rule.message?.trim() || `failed rule: ${rule.rule}`
}

function checkRule(rule: Rule, context: Record<string, unknown>, value: Tree, path: string): Cause[] {
  const field = path === '' ? '<nil>' : path
  const at = rule.fieldPath ? `${path}${rule.fieldPath}` : field
  const reason = rule.reason ?? 'FieldValueInvalid'
  const shown = JSON.stringify(typeName(value))
  try {
    if (evaluator(rule.rule)(context) === true) return []
  } catch (error) {
    const message = rule.message?.trim() || rule.rule
    return [
      {
        reason: 'FieldValueInvalid',
        field,
        message: `Invalid value: ${shown}: ${errorText(error)} evaluating rule: ${message}`,
      },
    ]
  }
  const message = messageOf(rule, context)
  if (reason === 'FieldValueForbidden') return [{ reason, field: at, message: `Forbidden: ${message}` }]
  if (reason === 'FieldValueRequired') return [{ reason, field: at, message: `Required value: ${message}` }]
  if (reason === 'FieldValueDuplicate') return [{ reason, field: at, message: `Duplicate value: ${shown}` }]
  return [{ reason, field: at, message: `Invalid value: ${shown}: ${message}` }]
}

/** All broken rules of a value and what lies in it; rules that name `oldSelf` count only where there was a value before. */
export function checkRules(schema: Structural, value: Tree, old: Tree, path = ''): Cause[] {
  const causes: Cause[] = []
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length > 0 && value !== undefined && value !== null) {
    const context: Record<string, unknown> = { self: celValue(schema, value) }
    if (old !== undefined && old !== null) context['oldSelf'] = celValue(schema, old)
    for (const rule of rules)
      if (context['oldSelf'] !== undefined || !/\boldSelf\b/.test(rule.rule))
        causes.push(...checkRule(rule, context, value, path))
  }
  return [...causes, ...checkBelow(schema, value, old, path)]
}

function checkBelow(schema: Structural, value: Tree, old: Tree, path: string): Cause[] {
  const { items } = schema
  if (Array.isArray(value))
    return items
      ? value.flatMap((item: Tree, i) => checkRules(items, item, oldItem(schema, item, old), `${path}[${i}]`))
      : []
  if (!isMap(value)) return []
  const values = valuesOf(schema)
  return Object.keys(value).flatMap((key) => {
    const property = schema.properties?.[key]
    const known = property ?? values
    if (!known || !hasRules(known)) return []
    const below = path === '' ? key : property ? `${path}.${key}` : `${path}[${key}]`
    return checkRules(known, value[key], isMap(old) ? old[key] : undefined, below)
  })
}

/** Items can be told apart over time only in lists with keys. */
function oldItem(schema: Structural, item: Tree, old: Tree): Tree {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old) || !isMap(item)) return undefined
  return old.find((other: Tree) => isMap(other) && keys.every((key) => other[key] === item[key]))
}

const withRules = new WeakMap<Structural, boolean>()

/** Whether the schema or anything in it has rules. */
export function hasRules(schema: Structural): boolean {
  const known = withRules.get(schema)
  if (known !== undefined) return known
  const values = valuesOf(schema)
  const found =
    (schema['x-kubernetes-validations']?.length ?? 0) > 0 ||
    (schema.items !== undefined && hasRules(schema.items)) ||
    (values !== undefined && hasRules(values)) ||
    Object.values(schema.properties ?? {}).some(hasRules)
  withRules.set(schema, found)
  return found
}
