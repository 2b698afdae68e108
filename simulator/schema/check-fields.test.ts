import { describe, expect, it, test } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { builtinOfKind } from './catalogue.ts'
import { checkFields } from './check-fields.ts'
import { duplicateFields } from './duplicate-fields.ts'
import type { Tree } from './tree.ts'

interface Row {
  name: string
  request: { method: string; body: Tree; contentType: string }
  status: number
  response: Tree
}

const rows: Row[] = readFacts('kubernetes-1.34/errors.json')
const undecodable = rows.filter(
  ({ request, response }) =>
    request.method === 'POST' &&
    /cannot be handled as a .*(cannot unmarshal|quantities|base64)/.test(response.message ?? '') &&
    request.body.kind !== 'Widget',
)

describe('values of the wrong type are refused in Go’s words', () => {
  it.each(undecodable)('$name', ({ request: { body }, response }) => {
    const resource = builtinOfKind(body.apiVersion, body.kind)
    if (resource === undefined) throw new Error(`no such kind: ${body.kind}`)
    const { typeError } = checkFields(resource, body)
    expect(`${body.kind} in version "v1" cannot be handled as a ${body.kind}: ${typeError}`).toBe(response.message)
  })

  it('finds nothing in what was accepted', () => {
    const accepted: Tree[] = readFacts('kubernetes-1.34/defaults.json')
    const complaints = accepted.flatMap(({ got }) => {
      const resource = builtinOfKind(got.apiVersion, got.kind)
      const object = JSON.parse(
        JSON.stringify(got)
          .replaceAll(/"<[a-z]*[tT]ime>"/g, '"2026-01-01T00:00:00Z"')
          .replaceAll(/"<nodePort-\d>"/g, '30000'),
      )
      // The recorded certificate request holds a placeholder.
      return resource && resource.kind !== 'CertificateSigningRequest'
        ? Object.values(checkFields(resource, object)).flat()
        : []
    })
    expect(complaints).toEqual([])
  })
})

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }

test('unknown fields are told by their path, case counts', () => {
  const spec = { Replicas: 1, template: { spec: { foo: 1, containers: [{ name: 'c', imge: 'y' }] } } }
  expect(checkFields(deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec }).unknown).toEqual([
    'unknown field "spec.Replicas"',
    'unknown field "spec.template.spec.foo"',
    'unknown field "spec.template.spec.containers[0].imge"',
  ])
})

test.each([
  ['{"spec":{"replicas":1,"replicas":2}}', ['duplicate field "spec.replicas"']],
  ['{"a":[{"b":1},{"b":1,"b":"}\\"b\\":"}],"a":0}', ['duplicate field "a[1].b"', 'duplicate field "a"']],
  ['{"a":{"b":1},"c":{"b":1}}', []],
  ['[{"a":1},{"a":1}]', []],
])('duplicates in %s', (text, messages) => {
  expect(duplicateFields(text)).toEqual(messages)
})
