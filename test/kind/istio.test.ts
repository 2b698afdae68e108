import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProbeRequest } from '../../protocol/probe.ts'
import type { Cluster, KindClusterProvider } from '../../server/clusters/index.ts'
import { programOnPath } from '../../server/workspaces/programs.ts'
import { waitFor } from '../support/waiting.ts'
import { apiOf, create, docker, get, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const PAYMENTS = 'labwright/payments:1'

/** A cluster that begins with a real Istio. Its images are made here (istio/build-images.sh says of what). */
let world: KindWorld
let provider: KindClusterProvider
let cluster: Cluster
beforeAll(async () => {
  const { stdout } = await run(path.join(import.meta.dirname, 'istio/build-images.sh'))
  console.log(stdout)
  await run(process.execPath, [path.join(root, 'cli/bin.mjs'), 'images', 'build', '--offline'])
  process.env['LABWRIGHT_ISTIOCTL'] = programOnPath('istioctl')
  world = await KindWorld.create()
  provider = world.open()
  const begin = performance.now()
  cluster = await provider.create('mesh', AbortSignal.timeout(580_000), { istio: 'demo', images: [PAYMENTS] })
  console.log(`made with Istio in ${Math.round(performance.now() - begin)} ms`)
}, 600_000)
afterAll(() => world.remove())

const learner = () => apiOf(cluster, 'learner')
const namespaces = '/api/v1/namespaces'

async function ready(namespace: string): Promise<string[][]> {
  const { items } = await get<{ items: Pod[] }>(learner(), `${namespaces}/${namespace}/pods`)
  const isReady = (pod: Pod) => pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return items
    .filter(isReady)
    .map(({ spec: { containers, initContainers = [] } }) =>
      [...initContainers, ...containers].map(({ name }) => name).sort(),
    )
}
interface Pod {
  spec: { containers: { name: string }[]; initContainers?: { name: string }[] }
  status: { conditions?: { type: string; status: string }[] }
}

describe('a cluster that begins with Istio', () => {
  test('has the control plane and both gateways', async () => {
    const path = '/apis/apps/v1/namespaces/istio-system/deployments'
    const { items } = await get<{ items: { metadata: { name: string }; status: { availableReplicas?: number } }[] }>(
      learner(),
      path,
    )
    expect(items.map(({ metadata, status }) => `${metadata.name} ${status.availableReplicas}`).sort()).toEqual([
      'istio-egressgateway 1',
      'istio-ingressgateway 1',
      'istiod 1',
    ])
  })

  test('has the images of a learner’s own installation', async () => {
    const listed = await docker('exec', await world.nodeOf('mesh'), 'ctr', '-n', 'k8s.io', 'images', 'list', '-q')
    expect(listed).toMatch(/^docker\.io\/istio\/pilot:/m)
    expect(listed).toMatch(/^docker\.io\/istio\/proxyv2:/m)
  })

  for (const round of ['shop', 'after-a-reset'])
    test(`injects, and keeps plaintext out where it is told to (${round})`, async () => {
      if (round === 'after-a-reset') await provider.reset('mesh')
      await serve(round)
      await waitFor(async () => (await ready(round)).length > 0, LONG_MILLISECONDS)
      expect(await ready(round)).toEqual([['istio-init', 'istio-proxy', 'payments']])
      expect(await statusOf(round, 'none')).toBe(200)
      await create(learner(), `/apis/security.istio.io/v1/namespaces/${round}/peerauthentications`, STRICT)
      await waitFor(async () => (await statusOf(round, 'none')) === 'reset', 30_000)
      expect(await statusOf(round, 'as-injected')).toBe(200)
    })
})

/** A namespace with injection, and a Service in it. */
async function serve(namespace: string): Promise<void> {
  const metadata = { name: namespace, labels: { 'istio-injection': 'enabled' } }
  await create(learner(), namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata })
  await waitFor(
    async () =>
      (await learner().request(`${namespaces}/${namespace}/serviceaccounts/default`, { signal: soon() })).status ===
      200,
    30_000,
  )
  await create(learner(), `/apis/apps/v1/namespaces/${namespace}/deployments`, DEPLOYMENT)
  await create(learner(), `${namespaces}/${namespace}/services`, SERVICE)
}

/** Status of the only answer, or the kind of its failure. */
async function statusOf(namespace: string, sidecar: 'none' | 'as-injected'): Promise<number | string | undefined> {
  const from: ProbeRequest['from'] = { kind: 'identity', namespace, serviceAccount: 'default', sidecar }
  const result = await cluster.probe({ from, url: `http://payments.${namespace}/` }, soon())
  if ('refusal' in result) throw new Error(result.message)
  return result.answers[0]?.status ?? result.answers[0]?.failure?.kind
}

const STRICT = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default' },
  spec: { mtls: { mode: 'STRICT' } },
}
const labels = { app: 'payments' }
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'payments' },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'payments', image: PAYMENTS, imagePullPolicy: 'Never', ports: [{ containerPort: 8080 }] }],
      },
    },
  },
}
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'payments' },
  spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
}
