import { expect, test } from 'vitest'
import type { KubeObject } from '../kubernetes/index.ts'
import { createScheduler } from '../scheduler/index.ts'
import { nodeFixture } from '../node/testing/fixture.ts'
import { deploymentController } from './deployment.ts'
import { replicaSetController } from './replicaset.ts'
import { seededRandom } from '../kubernetes/index.ts'

function setup() {
  const fixture = nodeFixture()
  const { api, clock, errors } = fixture
  const context = { api, clock, random: seededRandom(3), report: (error: unknown) => errors.push(error) }
  createScheduler(context)
  replicaSetController(context)
  deploymentController(context)
  const get = (name = 'web'): KubeObject => {
    const deployment = api.get('deployments.apps', 'lab', name)
    if (deployment === undefined) throw new Error(`no deployment ${name}`)
    return deployment
  }
  const change = async (edit: (spec: KubeObject['spec']) => void) => {
    await api.mutate('deployments.apps', 'lab', 'web', ({ spec }) => {
      edit(spec)
    })
  }
  const sets = () =>
    api
      .list('replicasets.apps', { namespace: 'lab' })
      .map(({ spec, metadata }) => [
        metadata.annotations?.['deployment.kubernetes.io/revision'],
        spec.template.spec.containers[0].image,
        spec.replicas,
      ])
  const condition = (type: string) => get().status.conditions.find((other: { type: string }) => other.type === type)
  return { ...fixture, get, change, sets, condition }
}

const web = (spec: object = {}, image = 'nginx:1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'lab', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
    ...spec,
  },
})

test('a deployment becomes available with one ReplicaSet, revision 1', async () => {
  const { api, clock, get, sets, condition, told, errors } = setup()
  await api.create(web())
  await clock.advance(1000)
  expect(get().status).toMatchObject({
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
  })
  expect(get().status.unavailableReplicas).toBeUndefined()
  expect(condition('Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' })
  const [set] = api.list('replicasets.apps')
  expect(condition('Progressing')).toMatchObject({
    status: 'True',
    reason: 'NewReplicaSetAvailable',
    message: `ReplicaSet "${set?.metadata.name}" has successfully progressed.`,
  })
  expect(sets()).toEqual([['1', 'nginx:1', 2]])
  expect(set?.metadata.annotations).toEqual({
    'deployment.kubernetes.io/desired-replicas': '2',
    'deployment.kubernetes.io/max-replicas': '3',
    'deployment.kubernetes.io/revision': '1',
  })
  expect(set?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/)
  expect(told('Deployment/web')).toEqual([`ScalingReplicaSet: Scaled up replica set ${set?.metadata.name} from 0 to 2`])
  expect(told(`ReplicaSet/${set?.metadata.name}`)).toHaveLength(2)
  expect(errors).toEqual([])
})

test('a new image rolls one pod at a time as 25 % of two allow, an undo brings the old ReplicaSet back', async () => {
  const { api, clock, get, change, sets, told } = setup()
  await api.create(web())
  await clock.advance(1000)
  await change((spec) => (spec.template.spec.containers[0].image = 'nginx:2'))
  await clock.advance(2000)
  expect(sets()).toEqual([
    ['1', 'nginx:1', 0],
    ['2', 'nginx:2', 2],
  ])
  expect(get().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  expect(told('Deployment/web').map((text) => text.replace(/web-\w+/, 'SET'))).toEqual([
    'ScalingReplicaSet: Scaled up replica set SET from 0 to 2',
    'ScalingReplicaSet: Scaled up replica set SET from 0 to 1',
    'ScalingReplicaSet: Scaled down replica set SET from 2 to 1',
    'ScalingReplicaSet: Scaled up replica set SET from 1 to 2',
    'ScalingReplicaSet: Scaled down replica set SET from 1 to 0',
  ])
  await change((spec) => (spec.template.spec.containers[0].image = 'nginx:1'))
  await clock.advance(2000)
  expect(sets()).toEqual([
    ['3', 'nginx:1', 2],
    ['2', 'nginx:2', 0],
  ])
})

test('a rollout that cannot pull keeps the old pods and times out', async () => {
  const { api, clock, get, change, condition } = setup()
  await api.create(web({ progressDeadlineSeconds: 30 }))
  await clock.advance(1000)
  await change((spec) => (spec.template.spec.containers[0].image = 'nope:2'))
  await clock.advance(10_000)
  expect(get().status).toMatchObject({ replicas: 3, updatedReplicas: 1, availableReplicas: 2, unavailableReplicas: 1 })
  expect(condition('Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })
  await clock.advance(30_000)
  expect(condition('Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' })
  expect(condition('Available')).toMatchObject({ status: 'True' })
})

test('Recreate ends all old pods before it starts new ones', async () => {
  const { api, clock, change, sets } = setup()
  await api.create(web({ strategy: { type: 'Recreate' } }, 'stubborn:1'))
  await clock.advance(1000)
  await change((spec) => (spec.template.spec.containers[0].image = 'nginx:2'))
  await clock.advance(29_000)
  expect(sets()).toEqual([['1', 'stubborn:1', 0]])
  await clock.advance(3000)
  expect(sets()).toEqual([
    ['1', 'stubborn:1', 0],
    ['2', 'nginx:2', 2],
  ])
})

test('a paused deployment scales but does not roll', async () => {
  const { api, clock, change, sets, condition } = setup()
  await api.create(web())
  await clock.advance(1000)
  await change((spec) => Object.assign(spec, { paused: true, replicas: 3 }))
  await change((spec) => (spec.template.spec.containers[0].image = 'nginx:2'))
  await clock.advance(1000)
  expect(sets()).toEqual([['1', 'nginx:1', 3]])
  expect(condition('Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' })
  await change((spec) => (spec.paused = false))
  await clock.advance(3000)
  expect(sets()).toEqual([
    ['1', 'nginx:1', 0],
    ['2', 'nginx:2', 3],
  ])
})

test('only as many old ReplicaSets stay as the history limit says', async () => {
  const { api, clock, change, sets } = setup()
  await api.create(web({ revisionHistoryLimit: 1 }))
  for (const image of ['nginx:2', 'nginx:3', 'nginx:4']) {
    await clock.advance(2000)
    await change((spec) => (spec.template.spec.containers[0].image = image))
  }
  await clock.advance(3000)
  expect(sets()).toEqual([
    ['3', 'nginx:3', 0],
    ['4', 'nginx:4', 2],
  ])
})

test('a deleted pod is replaced, a scaled-down set loses its youngest', async () => {
  const { api, clock, change, get } = setup()
  await api.create(web())
  await clock.advance(2000)
  const [first] = api.list('pods')
  await api.delete('pods', 'lab', first?.metadata.name ?? '')
  await clock.advance(2000)
  expect(get().status.availableReplicas).toBe(2)
  const names = api.list('pods').map(({ metadata }) => metadata.name)
  await change((spec) => (spec.replicas = 1))
  await clock.advance(1000)
  expect(api.list('pods').map(({ metadata }) => metadata.name)).toEqual([names[0]])
})

test('a controller that starts on objects that are there goes on with them', async () => {
  const { api, clock, get, sets, errors } = setup()
  await api.create(web())
  await clock.advance(1000)
  const again = deploymentController({ api, clock, random: seededRandom(4), report: (error) => errors.push(error) })
  await clock.advance(1000)
  again[Symbol.dispose]()
  expect(sets()).toEqual([['1', 'nginx:1', 2]])
  expect(get().status.availableReplicas).toBe(2)
  expect(errors).toEqual([])
})
