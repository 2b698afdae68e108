import { describe, expect, it } from 'vitest'
import type { Resource } from '../context.ts'
import { verify } from '../testing/fake-context.ts'
import { namespaceCreated } from './namespace-created.ts'
import { namespacesDeleted } from './namespaces-deleted.ts'

const namespaces = (...names: string[]): Resource[] =>
  names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: name.replace('†', ''), ...(name.endsWith('†') ? { deletionTimestamp: 'now' } : {}) },
  }))

describe('kubernetes/namespace-created', () => {
  it.each([
    [['default', 'kube-system'], 'unmet'],
    [['default', 'mine'], 'met'],
    [['default', 'istio-system'], 'unmet'],
    [['default', 'mine†'], 'unmet'],
  ])('%j is %s', async (names, state) => {
    expect(
      await verify(namespaceCreated, { ignore: ['istio-system'] }, { objects: namespaces(...names) }),
    ).toMatchObject({ state })
  })
})

describe('kubernetes/namespaces-deleted', () => {
  it.each([
    [['default', 'kept'], 'met', 'deleted'],
    [['default', 'kept', 'a'], 'unmet', 'still-there'],
    [['default', 'kept', 'a†', 'b†'], 'unmet', 'still-there'],
    [['default'], 'unmet', 'kept-missing'],
    [['default', 'kept†'], 'unmet', 'kept-missing'],
  ])('%j is %s', async (names, state, code) => {
    const given = { namespaces: ['a', 'b'], kept: ['kept'] }
    expect(await verify(namespacesDeleted, given, { objects: namespaces(...names) })).toMatchObject({ state, code })
  })
})
