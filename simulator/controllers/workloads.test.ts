import { expect, test } from 'vitest'
import { seededRandom, type KubeObject } from '../kubernetes/index.ts'
import { startControllers } from './index.ts'
import { clusterFixture } from './testing/cluster-fixture.ts'

const labels = { app: 'x' }
const template = (image: string, spec: object = {}) => ({
  metadata: { labels },
  spec: { restartPolicy: 'Always', containers: [{ name: 'c', image }], ...spec },
})
const selector = { matchLabels: labels }

const stateful = (spec: object = {}, image = 'nginx:1') => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'lab' },
  spec: {
    serviceName: 'db',
    replicas: 3,
    selector,
    template: template(image),
    updateStrategy: { type: 'RollingUpdate' },
    ...spec,
  },
})

test('a StatefulSet starts its pods one after the other and ends them from the highest', async () => {
  const { api, clock, names, get, told } = await clusterFixture()
  await api.create(stateful())
  await clock.advance(250)
  expect(names('pods')).toEqual(['db-0', 'db-1'])
  await clock.advance(1000)
  expect(names('pods')).toEqual(['db-0', 'db-1', 'db-2'])
  expect(get('pods', 'db-1').metadata.labels).toMatchObject({
    'apps.kubernetes.io/pod-index': '1',
    'statefulset.kubernetes.io/pod-name': 'db-1',
    'controller-revision-hash': get('statefulsets.apps', 'db').status.currentRevision,
  })
  expect(get('statefulsets.apps', 'db').status).toMatchObject({
    replicas: 3,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
  })
  expect(told('StatefulSet/db')[0]).toBe('SuccessfulCreate: create Pod db-0 in StatefulSet db successful')
  await api.mutate('statefulsets.apps', 'lab', 'db', ({ spec }) => void (spec.replicas = 1))
  await clock.advance(1000)
  expect(names('pods')).toEqual(['db-0'])
})

test('a StatefulSet updates from the highest number down to its partition', async () => {
  const { api, clock, get } = await clusterFixture()
  await api.create(stateful({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }))
  await clock.advance(2000)
  await api.mutate(
    'statefulsets.apps',
    'lab',
    'db',
    ({ spec }) => void (spec.template.spec.containers[0].image = 'nginx:2'),
  )
  await clock.advance(3000)
  const images = ['db-0', 'db-1', 'db-2'].map((name) => get('pods', name).spec.containers[0].image)
  expect(images).toEqual(['nginx:1', 'nginx:2', 'nginx:2'])
  expect(get('statefulsets.apps', 'db').status).toMatchObject({ currentReplicas: 1, updatedReplicas: 2 })
})

test('a DaemonSet has a pod on each node and rolls it', async () => {
  const { api, clock, get, names } = await clusterFixture()
  const spec = { selector, template: template('nginx:1'), updateStrategy: { type: 'RollingUpdate' } }
  await api.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace: 'lab' }, spec })
  await clock.advance(1000)
  expect(get('daemonsets.apps', 'agent').status).toMatchObject({
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    numberReady: 1,
    numberAvailable: 1,
    updatedNumberScheduled: 1,
  })
  await api.mutate(
    'daemonsets.apps',
    'lab',
    'agent',
    (object) => void (object.spec.template.spec.containers[0].image = 'nginx:2'),
  )
  await clock.advance(2000)
  expect(names('pods').map((name) => get('pods', name).spec.containers[0].image)).toEqual(['nginx:2'])
  expect(names('controllerrevisions.apps')).toHaveLength(2)
})

const job = (spec: object, image: string, podSpec: object = { restartPolicy: 'Never' }) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'work', namespace: 'lab' },
  spec: { completions: 1, parallelism: 1, backoffLimit: 6, selector, template: template(image, podSpec), ...spec },
})
const conditions = ({ status }: KubeObject) =>
  status.conditions.map(({ type, reason }: { type: string; reason: string }) => `${type}: ${reason}`)

test('a Job runs its pods, so many at a time, to completion', async () => {
  const { api, clock, get, names, told } = await clusterFixture()
  await api.create(job({ completions: 3, parallelism: 2 }, 'done'))
  await clock.advance(150)
  expect(names('pods')).toHaveLength(2)
  await clock.advance(2000)
  expect(get('jobs.batch', 'work').status).toMatchObject({ succeeded: 3, ready: 0 })
  expect(conditions(get('jobs.batch', 'work'))).toEqual([
    'SuccessCriteriaMet: CompletionsReached',
    'Complete: CompletionsReached',
  ])
  expect(told('Job/work').at(-1)).toBe('Completed: Job completed')
})

test('what a Job has counted stays counted when its pod is deleted', async () => {
  const { api, clock, get, names } = await clusterFixture()
  await api.create(job({ completions: 3 }, 'done'))
  const counted = (): number => get('jobs.batch', 'work').status?.succeeded ?? 0
  for (let seen = 1; seen <= 2; seen++) {
    while (counted() < seen) await clock.advance(50)
    for (const name of names('pods'))
      if (get('pods', name).status.phase === 'Succeeded') await api.delete('pods', 'lab', name)
  }
  await clock.advance(60_000)
  expect(get('jobs.batch', 'work').status).toMatchObject({ succeeded: 3 })
  expect(names('pods')).toHaveLength(1)
})

test('a Job that fails tries again after 10, 20 s and gives up at its limit', async () => {
  const { api, clock, get, names } = await clusterFixture()
  await api.create(job({ backoffLimit: 2 }, 'crash'))
  await clock.advance(5000)
  expect(names('pods')).toHaveLength(1)
  await clock.advance(8000)
  expect(names('pods')).toHaveLength(2)
  await clock.advance(25_000)
  expect(names('pods')).toHaveLength(3)
  expect(get('jobs.batch', 'work').status).toMatchObject({ failed: 3 })
  expect(conditions(get('jobs.batch', 'work'))).toEqual([
    'FailureTarget: BackoffLimitExceeded',
    'Failed: BackoffLimitExceeded',
  ])
})

test('a finished Job goes after its time to live, with its pods', async () => {
  const { api, clock, names } = await clusterFixture()
  await api.create(job({ ttlSecondsAfterFinished: 5 }, 'done'))
  await clock.advance(3000)
  expect(names('jobs.batch')).toEqual(['work'])
  await clock.advance(5000)
  expect([...names('jobs.batch'), ...names('pods')]).toEqual([])
})

test('a CronJob makes a Job a minute and keeps three that succeeded', async () => {
  const { api, clock, get, names } = await clusterFixture()
  const jobTemplate = { spec: job({}, 'done').spec }
  const spec = { schedule: '*/1 * * * *', concurrencyPolicy: 'Allow', jobTemplate }
  await api.create({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick', namespace: 'lab' }, spec })
  await clock.advance(5.5 * 60_000)
  expect(names('jobs.batch')).toEqual([3, 4, 5].map((minute) => `tick-${Date.UTC(2026, 0, 1) / 60_000 + minute}`))
  expect(get('cronjobs.batch', 'tick').status).toMatchObject({ lastScheduleTime: '2026-01-01T00:05:00Z' })
})

test('all controllers start on a cluster that is in use', async () => {
  const { api, clock, errors, names } = await clusterFixture()
  await api.create(stateful())
  await api.create(job({ completions: 1 }, 'done'))
  await clock.advance(3000)
  const before = names('pods')
  const again = startControllers({
    api,
    clock,
    random: seededRandom(5),
    caCertificate: 'CA',
    report: (error) => errors.push(error),
  })
  await clock.advance(3000)
  again[Symbol.dispose]()
  expect(names('pods')).toEqual(before)
  expect(errors).toEqual([])
})

test('a NoExecute taint evicts who does not tolerate it, and others when their time is over', async () => {
  const { api, clock, names, told } = await clusterFixture()
  const [node] = api.list('nodes')
  const spec = (seconds: number | undefined, key: string) => ({
    containers: [{ name: 'web', image: 'nginx' }],
    tolerations: [
      {
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        ...(seconds === undefined ? {} : { tolerationSeconds: seconds }),
      },
    ],
  })
  for (const [name, podSpec] of [
    ['stays', spec(undefined, 'broken')],
    ['for-a-while', spec(20, 'broken')],
    ['goes', spec(undefined, 'another')],
  ] as const)
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'lab' }, spec: podSpec })
  await clock.advance(1000)
  await api.mutate('nodes', undefined, node?.metadata.name ?? '', (object) => {
    object.spec.taints = [{ key: 'broken', value: 'yes', effect: 'NoExecute' }]
  })
  await clock.advance(5000)
  expect(names('pods').toSorted()).toEqual(['for-a-while', 'stays'])
  expect(told('Pod/goes')).toContain('TaintManagerEviction: Marking for deletion Pod lab/goes')
  await clock.advance(20_000)
  expect(names('pods')).toEqual(['stays'])
})
