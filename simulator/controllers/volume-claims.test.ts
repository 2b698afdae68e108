import { expect, test } from 'vitest'
import { clusterFixture } from './testing/cluster-fixture.ts'

const claim = (spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'lab', finalizers: ['kubernetes.io/pvc-protection'] },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const user = {
  containers: [{ name: 'c', image: 'nginx' }],
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
}

test('a claim of the default class waits for a pod, then gets a volume of its own', async () => {
  const { api, clock, get, pod, createPod, told } = await clusterFixture()
  await api.create(claim())
  await clock.advance(100)
  expect(get('persistentvolumeclaims', 'data').spec.storageClassName).toBe('standard')
  expect(told('PersistentVolumeClaim/data')).toContain(
    'WaitForFirstConsumer: waiting for first consumer to be created before binding',
  )
  await createPod('p', user)
  await clock.advance(500)
  expect(get('persistentvolumeclaims', 'data').status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
  expect(api.list('persistentvolumes')).toMatchObject([
    { status: { phase: 'Bound' }, spec: { claimRef: { name: 'data' } } },
  ])
  expect(pod('p').status.phase).toBe('Running')
})

test('a claim in use is kept until its pod is gone; its volume goes with it', async () => {
  const { api, clock, createPod, names } = await clusterFixture()
  await api.create(claim())
  await createPod('p', user)
  await clock.advance(5000)
  await api.delete('persistentvolumeclaims', 'lab', 'data')
  await clock.advance(1000)
  expect(names('persistentvolumeclaims')).toEqual(['data'])
  await api.delete('pods', 'lab', 'p')
  await clock.advance(1000)
  expect(names('persistentvolumeclaims')).toEqual([])
  expect(api.list('persistentvolumes')).toEqual([])
})

test('a claim takes a volume of its class that is large enough', async () => {
  const { api, clock, get, told } = await clusterFixture()
  await api.create(claim({ storageClassName: 'manual' }))
  await clock.advance(100)
  expect(told('PersistentVolumeClaim/data')).toEqual([
    'ProvisioningFailed: storageclass.storage.k8s.io "manual" not found',
  ])
  await api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv1' },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'manual',
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/data' },
    },
  })
  await clock.advance(100)
  expect(get('persistentvolumeclaims', 'data')).toMatchObject({
    spec: { volumeName: 'pv1' },
    status: { phase: 'Bound' },
  })
})
