import { describe, expect, it } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { decodeProtobuf } from './protobuf.ts'
import type { Tree } from './tree.ts'

interface Sample {
  name: string
  json: Tree
  pb: string
}

/** Nested objects lose apiVersion and kind on the wire; defaulting gives them back. */
function withoutNestedKinds(object: Tree): Tree {
  const copy = structuredClone(object)
  for (const claim of copy.spec?.volumeClaimTemplates ?? []) {
    delete claim.apiVersion
    delete claim.kind
  }
  return copy
}

const samples: Sample[] = readFacts('kubernetes-1.34/protobuf-samples.json')

describe('decodeProtobuf reads what the API server wrote', () => {
  it.each(samples)('$name', ({ json, pb }) => {
    expect(decodeProtobuf(Buffer.from(pb, 'base64'))).toEqual(withoutNestedKinds(json))
  })
})

it('refuses bytes without the magic, in Kubernetes’ words', () => {
  expect(() => decodeProtobuf(Buffer.from('garbage'))).toThrow(
    'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
  )
})
