import { expect, test } from 'vitest'
import { clusterFixture, deployment } from './testing/cluster-fixture.ts'

async function withDeployment() {
  const cluster = await clusterFixture()
  await cluster.api.create(deployment('web', 'nginx', 2))
  await cluster.clock.advance(1000)
  const left = () => ['deployments.apps', 'replicasets.apps', 'pods'].map((resource) => cluster.names(resource).length)
  expect(left()).toEqual([1, 1, 2])
  return { ...cluster, left }
}

test('Background: the owner goes at once, then what it owned', async () => {
  const { api, clock, left } = await withDeployment()
  await api.delete('deployments.apps', 'lab', 'web', { propagation: 'Background' })
  expect(left()[0]).toBe(0)
  await clock.advance(1000)
  expect(left()).toEqual([0, 0, 0])
})

test('Foreground: the owner goes last', async () => {
  const { api, clock, left, get } = await withDeployment()
  await api.delete('deployments.apps', 'lab', 'web', { propagation: 'Foreground' })
  expect(get('deployments.apps', 'web').metadata.finalizers).toEqual(['foregroundDeletion'])
  await clock.advance(1000)
  expect(left()).toEqual([0, 0, 0])
})

test('Orphan: what it owned stays and belongs to nobody', async () => {
  const { api, clock, left } = await withDeployment()
  await api.delete('deployments.apps', 'lab', 'web', { propagation: 'Orphan' })
  await clock.advance(1000)
  expect(left()).toEqual([0, 1, 2])
  expect(api.list('replicasets.apps')[0]?.metadata.ownerReferences).toBeUndefined()
})

test('an object whose only owner never was is collected', async () => {
  const { api, clock, names } = await clusterFixture()
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: 'ghost' }]
  await api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'lab', ownerReferences } })
  await clock.advance(2000)
  expect(names('secrets')).toEqual([])
})
