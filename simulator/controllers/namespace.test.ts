import { expect, test } from 'vitest'
import { clusterFixture, deployment } from './testing/cluster-fixture.ts'

test('a namespace gets its ServiceAccount and the CA, and both again when they are deleted', async () => {
  const { api, clock, names, get } = await clusterFixture()
  expect(names('serviceaccounts')).toEqual(['default'])
  expect(get('configmaps', 'kube-root-ca.crt').data).toEqual({ 'ca.crt': 'CA' })
  await api.delete('serviceaccounts', 'lab', 'default')
  await api.delete('configmaps', 'lab', 'kube-root-ca.crt')
  await clock.advance(100)
  expect(names('serviceaccounts')).toEqual(['default'])
  expect(names('configmaps')).toEqual(['kube-root-ca.crt'])
})

test('a deleted namespace ends its pods with grace, says what is left, and goes', async () => {
  const { api, clock, errors } = await clusterFixture()
  await api.create(deployment('web', 'stubborn', 2))
  await clock.advance(1000)
  await api.delete('namespaces', undefined, 'lab')
  await clock.advance(1000)
  const namespace = api.get('namespaces', undefined, 'lab')
  expect(namespace?.status.phase).toBe('Terminating')
  expect(namespace?.status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'NamespaceContentRemaining',
      status: 'True',
      message: expect.stringContaining('pods. has 2 resource instances'),
    }),
  )
  await clock.advance(31_000)
  expect(api.get('namespaces', undefined, 'lab')).toBeUndefined()
  expect(errors).toEqual([])
})
