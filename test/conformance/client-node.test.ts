import { PassThrough, Writable } from 'node:stream'
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type RunningCluster } from '../../simulator/index.ts'
import { waitFor } from '../support/waiting.ts'

/** The JavaScript client of the Kubernetes project, unmodified, against the embedded cluster. */
let cluster: RunningCluster
let config: KubeConfig
let core: CoreV1Api
let apps: AppsV1Api

beforeAll(async () => {
  cluster = await startCluster()
  config = new KubeConfig()
  config.loadFromString(cluster.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
  apps = config.makeApiClient(AppsV1Api)
})
afterAll(() => cluster.stop())

const namespace = 'default'
const pod = (name: string): V1Pod => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'curlimages/curl', command: ['sleep', 'infinity'] }] },
})
const running = (name: string) => async (): Promise<boolean> =>
  (await core.readNamespacedPod({ name, namespace })).status?.phase === 'Running'

describe('@kubernetes/client-node', () => {
  it('creates, reads, lists and deletes', async () => {
    const created = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'c' }, data: { a: '1' } },
    })
    expect(created.metadata?.uid).toBeTruthy()
    expect((await core.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name)).toContain(
      'c',
    )
    await core.deleteNamespacedConfigMap({ name: 'c', namespace })
    await expect(core.readNamespacedConfigMap({ name: 'c', namespace })).rejects.toMatchObject({ code: 404 })
  })

  it('patches with the media type that it is told', async () => {
    const containers = [{ name: 'web', image: 'nginx' }]
    const labels = { app: 'patched' }
    await apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'patched' },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      },
    })
    const patched = await apps.patchNamespacedDeployment(
      { name: 'patched', namespace, body: { spec: { replicas: 2 } } },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    )
    expect(patched.spec?.replicas).toBe(2)
    await waitFor(
      async () => (await apps.readNamespacedDeployment({ name: 'patched', namespace })).status?.availableReplicas === 2,
    )
  })

  it('follows changes with an informer', async () => {
    const seen: string[] = []
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () =>
      core.listNamespacedPod({ namespace }),
    )
    informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`))
    informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`))
    await informer.start()
    await core.createNamespacedPod({ namespace, body: pod('watched') })
    await waitFor(() => seen.includes('add watched'))
    await core.deleteNamespacedPod({ name: 'watched', namespace, gracePeriodSeconds: 0 })
    await waitFor(() => seen.includes('delete watched'))
    await informer.stop()
  })

  it('runs a command in a container, with its input, output and exit code', async () => {
    await core.createNamespacedPod({ namespace, body: pod('shell') })
    await waitFor(running('shell'))
    let output = ''
    const stdout = new Writable({ write: (chunk: Buffer, _encoding, done) => ((output += chunk.toString()), done()) })
    const stdin = new PassThrough()
    stdin.end('hello\n')
    const status = await new Promise((resolve, reject) => {
      new Exec(config)
        .exec(namespace, 'shell', 'main', ['sh', '-c', 'cat; exit 3'], stdout, process.stderr, stdin, false, resolve)
        .catch(reject)
    })
    expect(output).toBe('hello\n')
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' })
  })
})
