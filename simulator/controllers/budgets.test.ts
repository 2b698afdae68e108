import { expect, test } from 'vitest'
import { clusterFixture, deployment } from './testing/cluster-fixture.ts'

const quota = (hard: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'lab' },
  spec: { hard },
})

test('a ResourceQuota tells what its namespace uses, and follows it', async () => {
  const { api, clock, get } = await clusterFixture()
  await api.create(
    quota({ pods: '5', cpu: '1', 'limits.memory': '1Gi', 'count/deployments.apps': '3', configmaps: '9' }),
  )
  const resources = { requests: { cpu: '100m' }, limits: { memory: '64Mi' } }
  await api.create(deployment('web', 'nginx', 3, { resources }))
  await clock.advance(3000)
  expect(get('resourcequotas', 'q').status).toEqual({
    hard: { pods: '5', cpu: '1', 'limits.memory': '1Gi', 'count/deployments.apps': '3', configmaps: '9' },
    used: { pods: '3', cpu: '300m', 'limits.memory': '192Mi', 'count/deployments.apps': '1', configmaps: '1' },
  })
  await api.delete('deployments.apps', 'lab', 'web')
  await clock.advance(60_000)
  expect(get('resourcequotas', 'q').status.used).toMatchObject({ pods: '0', cpu: '0', 'limits.memory': '0' })
})

test.each([
  [
    { minAvailable: 1 },
    { expectedPods: 3, desiredHealthy: 1, currentHealthy: 3, disruptionsAllowed: 2 },
    'SufficientPods',
  ],
  [{ minAvailable: '50%' }, { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 }, 'SufficientPods'],
  [{ maxUnavailable: 1 }, { expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: 1 }, 'SufficientPods'],
  [{ maxUnavailable: '30%' }, { desiredHealthy: 2, disruptionsAllowed: 1 }, 'SufficientPods'],
  [{ minAvailable: 3 }, { desiredHealthy: 3, disruptionsAllowed: 0 }, 'InsufficientPods'],
])('a PodDisruptionBudget of %j allows what is left over', async (spec, numbers, reason) => {
  const { api, clock, get } = await clusterFixture()
  await api.create(deployment('web', 'nginx', 3))
  await api.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'lab', generation: 1 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  })
  await clock.advance(5000)
  const { status } = get('poddisruptionbudgets.policy', 'b')
  expect(status).toMatchObject({ ...numbers, observedGeneration: 1 })
  expect(status.conditions).toMatchObject([{ type: 'DisruptionAllowed', reason }])
})

test('a HorizontalPodAutoscaler says that it does not scale', async () => {
  const { api, clock, get } = await clusterFixture()
  await api.create(deployment('web', 'nginx'))
  await api.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'lab' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 5,
    },
  })
  await clock.advance(60_000)
  expect(get('horizontalpodautoscalers.autoscaling', 'web').status.conditions).toMatchObject([
    { type: 'ScalingActive', status: 'False', reason: 'NotSimulated' },
  ])
  expect(get('deployments.apps', 'web').spec.replicas).toBe(1)
})
