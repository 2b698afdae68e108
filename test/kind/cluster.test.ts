import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GRADER_NAMESPACE, type ProbeRequest } from '../../protocol/probe.ts'
import type { KindClusterProvider } from '../../server/clusters/kind/index.ts'
import type { Cluster, ClusterNotice } from '../../server/clusters/provider.ts'
import { waitFor } from '../support/waiting.ts'
import { apiOf, bashPod, create, docker, get, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

let world: KindWorld
let provider: KindClusterProvider
let cluster: Cluster
let createMilliseconds: number
beforeAll(async () => {
  world = await KindWorld.create()
  provider = world.open()
  const begin = performance.now()
  cluster = await provider.create('one', soon())
  createMilliseconds = performance.now() - begin
})
afterAll(() => world.remove())

const learner = () => apiOf(cluster, 'learner')
const grader = () => apiOf(cluster, 'grader')

describe('a cluster', () => {
  test('takes pods at once, of its learner too', async () => {
    await create(learner(), '/api/v1/namespaces/default/pods', bashPod('first', 'sleep infinity'))
    await waitFor(async () => (await phaseOf('first')) === 'Running', LONG_MILLISECONDS)
  })

  test('keeps its limits', async () => {
    const [cpus, memory, pids] = (
      await docker(
        'inspect',
        '--format',
        '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}',
        await world.nodeOf('one'),
      )
    ).split(' ')
    expect([cpus, memory, pids]).toEqual(['2000000000', String(4 * 2 ** 30), '4096'])
  })

  test('evicts, and limits what one pod may start', async () => {
    const node = await world.nodeOf('one')
    const config = await get<{ kubeletconfig: { podPidsLimit: number; evictionHard: object } }>(
      grader(),
      `/api/v1/nodes/${node}/proxy/configz`,
    )
    expect(config.kubeletconfig).toMatchObject({ podPidsLimit: 512, evictionHard: { 'nodefs.available': '3%' } })
  })

  test('writes down who changed what', async () => {
    const log = await docker('exec', await world.nodeOf('one'), 'grep', '"learner"', '/var/log/kubernetes/audit.log')
    expect(log).toContain('"verb":"create"')
    expect(log).not.toContain('requestObject')
  })

  test('leaves the grader its rights, whatever the learner deletes', async () => {
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
    for (const name of ['labwright:learners', 'kubeadm:cluster-admins', 'cluster-admin'])
      await learner().request(`${bindings}/${name}`, { method: 'DELETE', signal: soon() })
    expect((await learner().request('/api/v1/namespaces/default/pods', { signal: soon() })).status).toBe(403)
    expect((await grader().request('/api/v1/namespaces/default/pods', { signal: soon() })).status).toBe(200)
  })
})

describe('a probe', () => {
  const from = { kind: 'workload', namespace: 'default', workload: 'caller' } as const
  const metrics = 'http://kube-dns.kube-system.svc.cluster.local:9153/metrics'
  beforeAll(async () => {
    await create(grader(), '/apis/apps/v1/namespaces/default/deployments', CALLER)
    await waitFor(async () => !('refusal' in (await cluster.probe({ from, url: metrics }, soon()))), LONG_MILLISECONDS)
  })
  const probe = async (request: Partial<ProbeRequest>) => {
    const result = await cluster.probe({ from, url: metrics, ...request }, soon())
    if ('refusal' in result) throw new Error(result.message)
    return result
  }

  test('goes from a workload’s own network to a service by its name', async () => {
    const { answers, caller, sidecar } = await probe({ count: 20, concurrency: 5 })
    expect(answers.reduce((sum, { count }) => sum + count, 0)).toBe(20)
    expect(answers.filter(({ status, body }) => status !== 200 || !body!.startsWith('# HELP'))).toEqual([])
    expect({ caller, sidecar }).toEqual({ caller: 'caller in default, without a sidecar', sidecar: false })
  })

  test('pauses between requests', async () => {
    const begin = performance.now()
    const { answers } = await probe({ count: 3, intervalMilliseconds: 500, url: `${metrics}x` })
    expect(performance.now() - begin).toBeGreaterThan(1000)
    expect(answers).toMatchObject([{ count: 3, status: 404 }])
  })

  test.each<[string, Partial<ProbeRequest>, string]>([
    ['a name that nobody has', { url: 'http://nobody.default.svc.cluster.local/' }, 'dns'],
    ['a port that nobody listens to', { url: 'http://127.0.0.1:9/' }, 'refused'],
    ['a server that speaks no TLS', { url: metrics.replace('http:', 'https:') }, 'tls'],
    ['an address that nobody answers at', { url: 'http://10.244.0.254:81/', timeoutMilliseconds: 1500 }, 'timeout'],
  ])('says what is wrong with %s', async (_, request, kind) => {
    expect((await probe(request)).answers).toMatchObject([
      { count: 1, failure: { kind, message: expect.stringMatching(/./) } },
    ])
  })

  test('goes with an identity, from a pod that is gone afterwards and takes no requests', async () => {
    const identity = { kind: 'identity', namespace: 'kube-system', serviceAccount: 'default', sidecar: 'none' } as const
    const seen: ClusterNotice[] = []
    const watch = cluster.watch((notice) => seen.push(notice))
    await waitFor(() => seen.some(({ type }) => type === 'READY'), LONG_MILLISECONDS)
    const { answers, caller } = await probe({ from: { ...identity, labels: { 'k8s-app': 'kube-dns' } }, count: 5 })
    watch[Symbol.dispose]()
    expect(caller).toBe('default in kube-system, without a sidecar')
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const { items } = await get<{ items: unknown[] }>(grader(), '/api/v1/pods?labelSelector=labwright.dev/probe')
    expect(items).toEqual([])
    expect(seen).toContainEqual(expect.objectContaining({ type: 'ADDED', resource: 'pods' }))
  })

  test('goes from a namespace of the grader’s own, which is made again when somebody deletes it', async () => {
    const outside = {
      kind: 'identity',
      namespace: GRADER_NAMESPACE,
      serviceAccount: 'default',
      sidecar: 'none',
    } as const
    for (const round of ['made', 'deleted']) {
      if (round === 'deleted')
        await grader().request(`/api/v1/namespaces/${GRADER_NAMESPACE}`, { method: 'DELETE', signal: soon() })
      const { caller, answers } = await probe({ from: outside })
      expect(caller).toBe('default in labwright-grader, without a sidecar')
      expect(answers).toMatchObject([{ count: 1, status: 200 }])
    }
  })

  test('is refused in words for an account that is not there', async () => {
    const nobody = { kind: 'identity', namespace: 'default', serviceAccount: 'nobody', sidecar: 'none' } as const
    expect(await cluster.probe({ from: nobody, url: metrics }, soon())).toMatchObject({
      refusal: 'injection-failed',
      message: expect.stringContaining('serviceaccount "nobody" not found'),
    })
  })
})

describe('watching', () => {
  test('tells of changes, also of resources that are new', async () => {
    const seen: ClusterNotice[] = []
    const watch = cluster.watch((notice) => seen.push(notice))
    await waitFor(() => seen.length > 0, LONG_MILLISECONDS)
    expect(seen[0]).toEqual({ type: 'READY' })
    await create(grader(), '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', DEFINITION)
    const told = (resource: string, name: string) =>
      waitFor(
        () => seen.some((notice) => 'resource' in notice && notice.resource === resource && notice.name === name),
        30_000,
      )
    await told('customresourcedefinitions.apiextensions.k8s.io', 'boats.example.org')
    await waitFor(async () => {
      const boat = { apiVersion: 'example.org/v1', kind: 'Boat', metadata: { name: 'argo' } }
      return create(grader(), '/apis/example.org/v1/namespaces/default/boats', boat).then(
        () => true,
        () => false,
      )
    }, 30_000)
    await told('boats.example.org', 'argo')
    watch[Symbol.dispose]()
  })

  test('a paused cluster is away, and ready within a second after it was woken', async () => {
    const seen: ClusterNotice['type'][] = []
    const watch = cluster.watch(({ type }) => seen.push(type))
    await waitFor(() => seen.includes('READY'), LONG_MILLISECONDS)
    await provider.pause('one')
    await waitFor(() => seen.includes('AWAY'), 30_000)
    await provider.resume('one')
    const begin = performance.now()
    expect((await grader().request('/readyz', { signal: AbortSignal.timeout(5000) })).status).toBe(200)
    expect(performance.now() - begin).toBeLessThan(1000)
    await waitFor(() => seen.lastIndexOf('READY') > seen.indexOf('AWAY'), 30_000)
    watch[Symbol.dispose]()
  })
})

describe('a reset', () => {
  test('leads back to the start, faster than making another one', async () => {
    await create(grader(), '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'junk' } })
    const begin = performance.now()
    await provider.reset('one')
    const milliseconds = performance.now() - begin
    console.log(`made in ${Math.round(createMilliseconds)} ms, reset in ${Math.round(milliseconds)} ms`)
    const spaces = await get<{ items: { metadata: { name: string } }[] }>(learner(), '/api/v1/namespaces')
    expect(spaces.items.map(({ metadata }) => metadata.name).sort()).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ])
    expect((await get<{ items: unknown[] }>(learner(), '/api/v1/namespaces/default/pods')).items).toEqual([])
    expect(milliseconds).toBeLessThan(createMilliseconds)
  })

  test('leaves a cluster that takes pods, and can be reset again', async () => {
    for (const round of ['a', 'b']) {
      await waitFor(async () => {
        const pod = bashPod(`after-${round}`, 'sleep infinity')
        return create(learner(), '/api/v1/namespaces/default/pods', pod).then(
          () => true,
          () => false,
        )
      }, 30_000)
      await waitFor(async () => (await phaseOf(`after-${round}`)) === 'Running', LONG_MILLISECONDS)
      await provider.reset('one')
    }
  })
})

test('nodes that were stopped, as by a restart of the engine, come up again with the next provisioner', async () => {
  await docker('stop', '--time', '0', await world.nodeOf('one'))
  process.kill((await world.pid())!, 'SIGKILL')
  await provider.list()
  await waitFor(
    () =>
      grader()
        .request('/readyz', { signal: AbortSignal.timeout(2000) })
        .then(
          ({ status }) => status === 200,
          () => false,
        ),
    LONG_MILLISECONDS,
  )
})

test('deleting leaves nothing, neither in the engine nor on disk, also when something in the node is frozen', async () => {
  const node = await world.nodeOf('one')
  const freeze = `cd /sys/fs/cgroup/freezer 2>/dev/null || exit 0; mkdir -p own; sleep 1000 & echo $! >own/cgroup.procs; echo FROZEN >own/freezer.state`
  await docker('exec', '--detach', node, 'bash', '-c', freeze)
  const before = await volumes()
  const begin = performance.now()
  await provider.delete('one')
  console.log(`deleted in ${Math.round(performance.now() - begin)} ms`)
  expect(await world.left()).toEqual([])
  expect((await volumes()).length).toBeLessThan(before.length)
  expect(await readdir(path.join(world.folder, 'kind'))).not.toContain('one')
})

async function volumes(): Promise<string[]> {
  return (await docker('volume', 'ls', '--quiet')).split('\n').filter((name) => name !== '')
}

async function phaseOf(name: string): Promise<string> {
  return (await get<{ status: { phase: string } }>(grader(), `/api/v1/namespaces/default/pods/${name}`)).status.phase
}

const CALLER = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'caller' },
  spec: {
    selector: { matchLabels: { app: 'caller' } },
    template: {
      metadata: { labels: { app: 'caller' } },
      spec: {
        containers: [{ name: 'caller', image: 'registry.k8s.io/pause:3.10.1', imagePullPolicy: 'IfNotPresent' }],
      },
    },
  },
}

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}
