/** Checking a value against a structural schema, in the API server's words. */
import { RE2JS } from 're2js'
import { duplicate, invalid, notSupported, required, tooLong, tooMany, typeInvalid, type Cause } from '../causes.ts'
import { isMap, sameTree, type Tree } from '../tree.ts'
import { matchesFormat } from './formats.ts'
import { valuesOf, type Structural } from './structural.ts'

/** The name of a value's type, as messages give it. */
export function typeName(value: Tree): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const patterns = new Map<string, RE2JS>()

function matches(pattern: string, text: string): boolean {
  const compiled = patterns.get(pattern) ?? RE2JS.compile(pattern)
  patterns.set(pattern, compiled)
  return compiled.matcher(text).find()
}

function checkType(schema: Structural, value: Tree, path: string): Cause[] {
  const actual = typeName(value)
  if (actual === 'null' && schema.nullable) return []
  const wanted = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : []
  if (wanted.length === 0 || wanted.includes(actual) || (actual === 'integer' && wanted.includes('number'))) return []
  return [typeInvalid(path, actual, `${path} in body must be of type ${wanted.join(',')}: "${actual}"`)]
}

/** A cause about alternatives stands at no field. */
function alternatives(path: string, text: string): Cause {
  return { reason: 'FieldValueInvalid', field: '<nil>', message: `Invalid value: "": "${path}" must ${text}` }
}

function checkAlternatives(schema: Structural, value: Tree, path: string): Cause[] {
  const causes: Cause[] = []
  const failures = (options: Structural[]): Cause[][] => options.map((option) => checkValue(option, value, path))
  if (schema.anyOf && !schema['x-kubernetes-int-or-string']) {
    const results = failures(schema.anyOf)
    if (results.every((result) => result.length > 0))
      causes.push(alternatives(path, 'validate at least one schema (anyOf)'), ...(results[0] ?? []))
  }
  if (schema.oneOf) {
    const results = failures(schema.oneOf)
    const valid = results.filter((result) => result.length === 0).length
    if (valid === 0)
      causes.push(
        alternatives(path, 'validate one and only one schema (oneOf). Found none valid'),
        ...(results[0] ?? []),
      )
    else if (valid > 1)
      causes.push(alternatives(path, `validate one and only one schema (oneOf). Found ${valid} valid alternatives`))
  }
  if (schema.allOf) causes.push(...failures(schema.allOf).flat())
  if (schema.not && checkValue(schema.not, value, path).length === 0)
    causes.push(alternatives(path, 'not validate the schema (not)'))
  return causes
}

function checkString(schema: Structural, value: string, path: string): Cause[] {
  const causes: Cause[] = []
  // Characters are code points here, as in Go.
  const { length } = Array.from(value)
  if (schema.maxLength !== undefined && length > schema.maxLength) causes.push(tooLong(path, schema.maxLength))
  if (schema.minLength !== undefined && length < schema.minLength)
    causes.push(invalid(path, value, `${path} in body should be at least ${schema.minLength} chars long`))
  if (schema.pattern !== undefined && !matches(schema.pattern, value))
    causes.push(invalid(path, value, `${path} in body should match '${schema.pattern}'`))
  if (schema.format !== undefined && !matchesFormat(schema.format, value))
    causes.push(typeInvalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`))
  return causes
}

function checkNumber(schema: Structural, value: number, path: string): Cause[] {
  const { minimum, maximum, multipleOf, exclusiveMinimum, exclusiveMaximum } = schema
  const wrong = (text: string): Cause[] => [invalid(path, value, `${path} in body should be ${text}`)]
  const causes: Cause[] = []
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    causes.push(...wrong(`a multiple of ${multipleOf}`))
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    causes.push(...wrong(`less than${exclusiveMaximum ? '' : ' or equal to'} ${maximum}`))
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    causes.push(...wrong(`greater than${exclusiveMinimum ? '' : ' or equal to'} ${minimum}`))
  return causes
}

function checkList(schema: Structural, value: Tree[], path: string): Cause[] {
  const { items, minItems, maxItems } = schema
  const causes = items ? value.flatMap((item, i) => checkValue(items, item, `${path}[${i}]`)) : []
  if (minItems !== undefined && value.length < minItems)
    causes.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`))
  if (maxItems !== undefined && value.length > maxItems) causes.push(tooMany(path, value.length, maxItems))
  return causes
}

function checkMap(schema: Structural, value: Record<string, Tree>, path: string): Cause[] {
  const { minProperties, maxProperties } = schema
  const keys = Object.keys(value)
  if (minProperties !== undefined && keys.length < minProperties)
    return [invalid(path, keys.length, `${path} in body should have at least ${minProperties} properties`)]
  if (maxProperties !== undefined && keys.length > maxProperties) return [tooMany(path, keys.length, maxProperties)]
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const values = valuesOf(schema)
  return [
    ...(schema.required ?? []).filter((name) => value[name] === undefined).map((name) => required(below(name))),
    ...keys.flatMap((key) => {
      const known = schema.properties?.[key] ?? values
      return known ? checkValue(known, value[key], below(key)) : []
    }),
  ]
}

function checkEnum(schema: Structural, value: Tree, path: string): Cause[] {
  if (schema.enum === undefined || schema.enum.some((allowed) => sameTree(allowed, value))) return []
  if (value === null && schema.nullable) return []
  return [notSupported(path, value, schema.enum.map(String))]
}

/** All causes of one value, deepest last. The rules of CEL and of list types are not here. */
export function checkValue(schema: Structural, value: Tree, path: string): Cause[] {
  const causes = [...checkType(schema, value, path), ...checkAlternatives(schema, value, path)]
  if (typeof value === 'string') causes.push(...checkString(schema, value, path))
  if (typeof value === 'number') causes.push(...checkNumber(schema, value, path))
  if (Array.isArray(value)) causes.push(...checkList(schema, value, path))
  causes.push(...checkEnum(schema, value, path))
  if (isMap(value)) causes.push(...checkMap(schema, value, path))
  return causes
}

/** Duplicates in lists that are sets or maps by keys. */
export function checkListTypes(schema: Structural, value: Tree, path: string): Cause[] {
  if (Array.isArray(value)) {
    const { items } = schema
    const inner = items ? value.flatMap((item: Tree, i) => checkListTypes(items, item, `${path}[${i}]`)) : []
    return [...duplicates(schema, value, path), ...inner]
  }
  if (!isMap(value)) return []
  const values = valuesOf(schema)
  return Object.keys(value).flatMap((key) => {
    const known = schema.properties?.[key] ?? values
    return known ? checkListTypes(known, value[key], path === '' ? key : `${path}.${key}`) : []
  })
}

function duplicates(schema: Structural, list: Tree[], path: string): Cause[] {
  const kind = schema['x-kubernetes-list-type']
  if (kind !== 'set' && kind !== 'map') return []
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []).toSorted()
  const keyOf = (item: Tree): Tree => {
    if (kind === 'set' || !isMap(item)) return item
    return Object.fromEntries(keys.filter((key) => key in item).map((key) => [key, item[key]]))
  }
  const seen = new Set<string>()
  return list.flatMap((item, i) => {
    const key = JSON.stringify(keyOf(item))
    if (seen.has(key)) return [duplicate(`${path}[${i}]`, keyOf(item))]
    seen.add(key)
    return []
  })
}
