import { expect, test } from 'vitest'
import type { KubeObject } from '../kubernetes/index.ts'
import { nodeFixture } from './testing/fixture.ts'

const one = (image: string, more: object = {}) => ({ containers: [{ name: 'main', image, ...more }] })
const conditions = (pod: KubeObject): Record<string, string> =>
  Object.fromEntries(pod.status.conditions.map(({ type, status }: { type: string; status: string }) => [type, status]))

test('a pod is pending, then creating, then running and ready', async () => {
  const { clock, createPod, pod, told } = nodeFixture()
  await createPod('web', one('nginx:1.27'))
  await clock.advance(50)
  expect(pod('web').status).toMatchObject({
    phase: 'Pending',
    containerStatuses: [{ ready: false, started: false, state: { waiting: { reason: 'ContainerCreating' } } }],
  })
  await clock.advance(150)
  expect(pod('web').status).toMatchObject({
    phase: 'Running',
    podIP: '10.244.0.5',
    qosClass: 'BestEffort',
    containerStatuses: [
      { ready: true, started: true, restartCount: 0, image: 'docker.io/library/nginx:1.27', state: { running: {} } },
    ],
  })
  expect(conditions(pod('web'))).toEqual({
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    Ready: 'True',
    ContainersReady: 'True',
  })
  expect(told('Pod/web').map((text) => text.slice(0, 40))).toEqual([
    'Pulling: Pulling image "nginx:1.27"',
    'Pulled: Successfully pulled image "nginx',
    'Created: Created container: main',
    'Started: Started container main',
  ])
})

test.each([
  ['Always', 'done', 'Running'],
  ['OnFailure', 'done', 'Succeeded'],
  ['Never', 'done', 'Succeeded'],
  ['OnFailure', 'crash', 'Running'],
  ['Never', 'crash', 'Failed'],
])('restartPolicy %s and a program like "%s" make the pod %s', async (restartPolicy, image, phase) => {
  const { clock, createPod, pod } = nodeFixture()
  await createPod('p', { ...one(image), restartPolicy })
  await clock.advance(1000)
  expect(pod('p').status.phase).toBe(phase)
})

test('a crashing container restarts at once, then after 10, 20, 40 s', async () => {
  const { clock, createPod, pod, told } = nodeFixture()
  await createPod('p', one('crash'))
  const restartsAfter = async (seconds: number): Promise<number> => {
    await clock.advance(seconds * 1000)
    return pod('p').status.containerStatuses[0].restartCount
  }
  expect(await restartsAfter(2)).toBe(1)
  expect(pod('p').status.containerStatuses[0]).toMatchObject({
    ready: false,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 3, reason: 'Error' } },
  })
  expect(pod('p').status.containerStatuses[0].state.waiting.message).toMatch(
    /^back-off 10s restarting failed container=main pod=p_lab\(.+\)$/,
  )
  expect(await restartsAfter(10)).toBe(2)
  expect(await restartsAfter(18)).toBe(2)
  expect(await restartsAfter(4)).toBe(3)
  expect(await restartsAfter(42)).toBe(4)
  expect(
    told('Pod/p').some((text) => text.startsWith('BackOff: Back-off restarting failed container main in pod p_lab(')),
  ).toBe(true)
})

test('a container that ends with SIGKILL by itself was out of memory', async () => {
  const { clock, createPod, pod } = nodeFixture()
  await createPod('p', { ...one('hungry'), restartPolicy: 'Never' })
  await clock.advance(1000)
  expect(pod('p').status.containerStatuses[0].state.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
})

test('an unknown image is ErrImagePull, then ImagePullBackOff', async () => {
  const { clock, createPod, pod, told } = nodeFixture()
  await createPod('p', one('nope:1'))
  await clock.advance(200)
  expect(pod('p').status.containerStatuses[0].state.waiting.reason).toBe('ErrImagePull')
  await clock.advance(2000)
  expect(pod('p').status.containerStatuses[0].state.waiting.reason).toBe('ImagePullBackOff')
  const name = 'docker.io/library/nope:1'
  expect(told('Pod/p')).toEqual([
    'Pulling: Pulling image "nope:1"',
    `Failed: Failed to pull image "nope:1": rpc error: code = NotFound desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`,
    'Failed: Error: ErrImagePull',
    'BackOff: Back-off pulling image "nope:1"',
    'Failed: Error: ImagePullBackOff',
  ])
})

test('a missing ConfigMap holds the container back until it is there', async () => {
  const { api, clock, createPod, pod, told } = nodeFixture()
  await createPod('p', one('nginx', { envFrom: [{ configMapRef: { name: 'conf' } }] }))
  await clock.advance(1000)
  expect(pod('p').status.containerStatuses[0].state.waiting).toEqual({
    reason: 'CreateContainerConfigError',
    message: 'configmap "conf" not found',
  })
  expect(told('Pod/p')).toContain('Failed: Error: configmap "conf" not found')
  await api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'conf', namespace: 'lab' },
    data: { MODE: 'lab' },
  })
  await clock.advance(3000)
  expect(pod('p').status.phase).toBe('Running')
})

test('a missing Secret of a volume is FailedMount', async () => {
  const { clock, createPod, pod, told } = nodeFixture()
  await createPod('p', { ...one('nginx'), volumes: [{ name: 'v', secret: { secretName: 'cred' } }] })
  await clock.advance(1000)
  expect(pod('p').status.phase).toBe('Pending')
  expect(told('Pod/p')).toEqual(['FailedMount: MountVolume.SetUp failed for volume "v" : secret "cred" not found'])
})

test('init containers run in order before the others, sidecars stay', async () => {
  const { clock, createPod, pod } = nodeFixture()
  await createPod('p', {
    initContainers: [
      { name: 'first', image: 'done' },
      { name: 'proxy', image: 'nginx', restartPolicy: 'Always' },
      { name: 'second', image: 'done' },
    ],
    containers: [{ name: 'main', image: 'stubborn' }],
  })
  await clock.advance(250)
  expect(pod('p').status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [
      { state: { terminated: { exitCode: 0 } } },
      {},
      { state: { waiting: { reason: 'PodInitializing' } } },
    ],
  })
  await clock.advance(1000)
  expect(pod('p').status).toMatchObject({
    phase: 'Running',
    initContainerStatuses: [{ ready: true }, { ready: true, started: true, state: { running: {} } }, { ready: true }],
    containerStatuses: [{ ready: true }],
  })
})

test('a sidecar ends after the last container of a job', async () => {
  const { clock, createPod, pod } = nodeFixture()
  await createPod('p', {
    restartPolicy: 'Never',
    initContainers: [{ name: 'proxy', image: 'nginx', restartPolicy: 'Always' }],
    containers: [{ name: 'main', image: 'done' }],
  })
  await clock.advance(2000)
  expect(pod('p').status).toMatchObject({
    phase: 'Succeeded',
    initContainerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
  })
})

test('a failed readiness probe takes readiness, a failed liveness probe restarts', async () => {
  const { clock, createPod, pod, told } = nodeFixture()
  const httpGet = { path: '/health', port: 80 }
  await createPod('unready', one('sick', { readinessProbe: { httpGet } }))
  await createPod('dead', one('sick', { livenessProbe: { httpGet, periodSeconds: 1, failureThreshold: 2 } }))
  await clock.advance(4000)
  expect(pod('unready').status.containerStatuses[0]).toMatchObject({ ready: false, restartCount: 0 })
  expect(told('Pod/unready')).toContain('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500')
  expect(pod('dead').status.containerStatuses[0].restartCount).toBe(1)
  expect(told('Pod/dead')).toContain('Killing: Container main failed liveness probe, will be restarted')
})

test('a probe that nothing answers says so as the kubelet does', async () => {
  const { clock, createPod, told } = nodeFixture()
  await createPod('p', one('nginx', { readinessProbe: { httpGet: { path: '/', port: 8080 } } }))
  await clock.advance(15_000)
  expect(told('Pod/p')).toContain(
    'Unhealthy: Readiness probe failed: Get "http://10.244.0.5:8080/": dial tcp 10.244.0.5:8080: connect: connection refused',
  )
})

test.each([
  ['a program that hears SIGTERM', 'nginx', 100],
  ['a program that does not', 'stubborn', 30_100],
])('a deleted pod with %s is gone in time', async (_title, image, milliseconds) => {
  const { api, clock, createPod, told, network } = nodeFixture()
  await createPod('p', one(image))
  await clock.advance(1000)
  await api.delete('pods', 'lab', 'p')
  await clock.advance(milliseconds - 50)
  await clock.advance(50)
  expect(api.get('pods', 'lab', 'p')).toBeUndefined()
  expect(told('Pod/p')).toContain('Killing: Stopping container main')
  expect(network.addresses()).toEqual([])
})

test('a host that restarts takes running pods up as running', async () => {
  const fixture = nodeFixture()
  const { clock, createPod, pod, told } = fixture
  await createPod('web', one('nginx', { readinessProbe: { httpGet: { port: 80 } } }))
  await createPod('crashing', one('crash'))
  await createPod('ended', { ...one('done'), restartPolicy: 'Never' })
  await clock.advance(2000)
  const before = pod('web')
  const restartsBefore = pod('crashing').status.containerStatuses[0].restartCount
  await createPod('between', one('nginx:2'))
  await clock.advance(10)
  fixture.restart()
  await clock.advance(1000)
  expect(pod('web').status).toEqual(before.status)
  expect(pod('between').status.phase).toBe('Running')
  expect(pod('ended').status.phase).toBe('Succeeded')
  expect(pod('crashing').status.containerStatuses[0].restartCount).toBe(restartsBefore)
  expect(told('Pod/web').filter((text) => text.startsWith('Started'))).toHaveLength(1)
  expect(fixture.errors).toEqual([])
})

/** As `kubectl set image pod/NAME main=IMAGE`. */
const setImage = ({ api }: ReturnType<typeof nodeFixture>, name: string, image: string) =>
  api.mutate('pods', 'lab', name, (pod) => void (pod.spec.containers[0].image = image))

test('a changed image ends the container and starts it anew, whatever the restart policy', async () => {
  const fixture = nodeFixture()
  const { clock, createPod, pod, told } = fixture
  await createPod('p', { ...one('nginx:1.27'), restartPolicy: 'Never' })
  await clock.advance(300)
  await setImage(fixture, 'p', 'nginx:1.28')
  await clock.advance(500)
  expect(pod('p').status).toMatchObject({
    phase: 'Running',
    containerStatuses: [
      { restartCount: 1, ready: true, image: 'docker.io/library/nginx:1.28', state: { running: {} } },
    ],
  })
  expect(told('Pod/p')).toContain('Killing: Container main definition changed, will be restarted')
  expect(told('Pod/p')).toContain('Pulling: Pulling image "nginx:1.28"')
})

test.each([
  ['an image that cannot be pulled', 'absent', 0],
  ['an image that crashes', 'crash', 3],
])('%s is replaced without waiting for the back-off', async (_, image, restarts) => {
  const fixture = nodeFixture()
  const { clock, createPod, pod } = fixture
  await createPod('p', one(image))
  await clock.advance(15_000)
  await setImage(fixture, 'p', 'nginx:1.28')
  await clock.advance(300)
  expect(pod('p').status.containerStatuses).toMatchObject([{ restartCount: restarts, ready: true }])
})
