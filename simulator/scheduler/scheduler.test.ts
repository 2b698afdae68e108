import { expect, test } from 'vitest'
import { ManualClock, seededRandom, type KubeObject } from '../kubernetes/index.ts'
import { memoryApi } from '../kubernetes/testing/memory-api.ts'
import { createScheduler } from './index.ts'

async function setup(nodes: { name: string; spec?: object; labels?: Record<string, string> }[]) {
  const clock = new ManualClock()
  const api = memoryApi({ clock, random: seededRandom(1) })
  for (const { name, spec = {}, labels = {} } of nodes) {
    await api.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      spec,
      status: { allocatable: { cpu: '2', memory: '4Gi', pods: '3' } },
    })
  }
  createScheduler({ api, clock, random: seededRandom(2) })
  const place = async (name: string, spec: KubeObject['spec']) => {
    await api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'lab', labels: { app: name } },
      spec,
    })
    await clock.advance(10)
    return api.get('pods', 'lab', name)
  }
  return { api, clock, place }
}

const containers = [{ name: 'a', image: 'nginx' }]
const asking = (cpu: string) => ({ containers: [{ name: 'a', image: 'nginx', resources: { requests: { cpu } } }] })
const one = [{ name: 'n1' }]

test('a pod that fits is bound and told so', async () => {
  const { api, place } = await setup(one)
  expect((await place('p', { containers }))?.spec.nodeName).toBe('n1')
  expect(api.events()).toEqual([
    { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned lab/p to n1', about: 'Pod/p', count: 1 },
  ])
})

const helpless =
  'no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
const noVictims =
  'no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.'

test.each([
  ['too much cpu', one, asking('3'), `0/1 nodes are available: 1 Insufficient cpu. ${noVictims}`],
  [
    'a selector that no node has',
    one,
    { containers, nodeSelector: { disk: 'ssd' } },
    `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${helpless}`,
  ],
  [
    'a cordoned node',
    [{ name: 'n1', spec: { unschedulable: true } }],
    { containers },
    `0/1 nodes are available: 1 node(s) were unschedulable. ${helpless}`,
  ],
  [
    'a taint',
    [{ name: 'n1', spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } }],
    { containers },
    `0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}. ${helpless}`,
  ],
  ['no nodes', [], { containers }, 'no nodes available to schedule pods'],
])('%s leaves a pod pending with the reason', async (_title, nodes, spec, message) => {
  const { api, place } = await setup(nodes)
  const pod = await place('p', spec)
  expect(pod?.spec.nodeName).toBeUndefined()
  expect(pod?.status.conditions).toMatchObject([
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ])
  expect(api.events()).toMatchObject([{ type: 'Warning', reason: 'FailedScheduling', message }])
})

test('a taint that the pod tolerates, and an affinity that the node has, do not hinder', async () => {
  const { place } = await setup([
    { name: 'n1' },
    { name: 'n2', labels: { disk: 'ssd' }, spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } },
  ])
  const term = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }
  const pod = await place('p', {
    containers,
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
  })
  expect(pod?.spec.nodeName).toBe('n2')
})

test('a pending pod is bound when room becomes free', async () => {
  const { api, clock, place } = await setup(one)
  await place('big', asking('2'))
  expect((await place('small', asking('500m')))?.spec.nodeName).toBeUndefined()
  await api.delete('pods', 'lab', 'big', { gracePeriodSeconds: 0 })
  await clock.advance(10)
  expect(api.get('pods', 'lab', 'small')?.spec.nodeName).toBe('n1')
})

test('pods that keep apart go to different nodes', async () => {
  const { place } = await setup([
    { name: 'n1', labels: { 'kubernetes.io/hostname': 'n1' } },
    { name: 'n2', labels: { 'kubernetes.io/hostname': 'n2' } },
  ])
  const apart = {
    containers,
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: {} }],
      },
    },
  }
  const nodes = [(await place('a', apart))?.spec.nodeName, (await place('b', apart))?.spec.nodeName]
  expect(new Set(nodes)).toEqual(new Set(['n1', 'n2']))
  expect((await place('c', apart))?.spec.nodeName).toBeUndefined()
})
