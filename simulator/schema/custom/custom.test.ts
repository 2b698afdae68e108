import { describe, expect, it, test } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import type { Tree } from '../tree.ts'
import { customSchema } from './index.ts'

const defaults: Tree[] = readFacts('kubernetes-1.34/defaults.json')
const definition: Tree = defaults.find((row) => row.case === 'CustomResourceDefinition')?.sent
const widget = customSchema(definition.spec.versions[0].schema.openAPIV3Schema)

interface Row {
  name: string
  request: { method: string; body: Tree; contentType: string }
  status: number
  response: Tree
}

const errors: Row[] = readFacts('kubernetes-1.34/errors.json')
/** Rules about the metadata, the URL and the kind are not the schema's. */
const elsewhere =
  /name uppercase|kind wrong|metadata labels number|embedded wrong metadata|int32 overflow|spec a list|missing namespace|at cluster scope|metadata unknown|top-level unknown/

describe('a widget is refused as by a real API server', () => {
  const rows = errors.filter(
    ({ name, request }) => name.startsWith('Widget: ') && request.method === 'POST' && !elsewhere.test(name),
  )
  it.each(rows)('$name', ({ request, status, response }) => {
    const object = structuredClone(request.body)
    widget.prune(object)
    widget.applyDefaults(object)
    const causes = widget.validate(object)
    expect(causes).toEqual(response.details?.causes ?? [])
    if (status === 201) expect(object.spec).toEqual(response.spec)
  })
})

describe('rules of CEL', () => {
  const spec = (schema: object): ReturnType<typeof customSchema> =>
    customSchema({ type: 'object', properties: { spec: { type: 'object', ...schema } } })

  test('compare fields, speak their message, stand at their path', () => {
    const message = (part: Tree): Tree =>
      widget.validate({ spec: { size: 3, ...part } }).map((cause) => [cause.field, cause.message])
    expect(message({ lo: 5, hi: 2 })).toEqual([['spec', 'Invalid value: "object": lo must not exceed hi']])
    expect(message({ lo: 13 })).toEqual([['spec.lo', 'Forbidden: lo is thirteen']])
    expect(message({ lo: 1, hi: 2 })).toEqual([])
  })

  test('about change hold on update only', () => {
    const object = { spec: { size: 3, fixed: 'x' } }
    expect(widget.validate(object)).toEqual([])
    expect(widget.validate(object, { spec: { size: 3, fixed: 'y' } })).toEqual([
      { reason: 'FieldValueInvalid', field: 'spec.fixed', message: 'Invalid value: "string": fixed cannot change' },
    ])
  })

  test.each([
    [
      '5',
      "type conversion error from 'string' to 'google.protobuf.Duration' evaluating rule: must be a valid duration",
    ],
    ['0s', 'must be a valid duration'],
  ])('about durations: %s', (timeout, text) => {
    const schema = spec({
      properties: {
        timeout: {
          type: 'string',
          'x-kubernetes-validations': [
            { rule: "duration(self) >= duration('1ms')", message: 'must be a valid duration' },
          ],
        },
      },
    })
    expect(schema.validate({ spec: { timeout } })).toEqual([
      { reason: 'FieldValueInvalid', field: 'spec.timeout', message: `Invalid value: "string": ${text}` },
    ])
    expect(schema.validate({ spec: { timeout: '5s' } })).toEqual([])
  })

  test('about URLs', () => {
    const schema = spec({
      properties: {
        uri: {
          type: 'string',
          'x-kubernetes-validations': [
            { rule: "url(self).getScheme() in ['http', 'https']", message: 'url must be http' },
          ],
        },
      },
    })
    const texts = (uri: string): string[] => schema.validate({ spec: { uri } }).map((cause) => cause.message)
    expect(texts('https://a.example.com/k')).toEqual([])
    expect(texts('ftp://a')).toEqual(['Invalid value: "string": url must be http'])
    expect(texts('a.com/k')).toEqual([
      'Invalid value: "string": URL parse error during conversion from string: parse "a.com/k": invalid URI for request evaluating rule: url must be http',
    ])
  })
})
