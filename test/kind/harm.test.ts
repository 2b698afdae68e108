import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster, ClusterProvider } from '../../server/clusters/provider.ts'
import { waitFor } from '../support/waiting.ts'
import { engine } from './support/engine.ts'
import { apiOf, bashPod, create, get, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

/** What a learner, who is an administrator of their cluster, can do to it: the neighbour goes on, and a reset mends the cluster. */
let world: KindWorld
let provider: ClusterProvider
let mine: Cluster
let other: Cluster
beforeAll(async () => {
  world = await KindWorld.create()
  provider = world.open()
  mine = await provider.create('mine', soon())
  other = await provider.create('other', soon())
  await waitFor(() => isWhole(other), LONG_MILLISECONDS)
})
afterAll(() => world.remove())

const inNode = async (script: string) =>
  engine.exec(await world.nodeOf('mine'), ['bash', '-c', script], { timeoutMilliseconds: 60_000 })

const learner = () => apiOf(mine, 'learner')
const pods = '/api/v1/namespaces/default/pods'

/** As the grader sees it: a node that is ready, and every pod of the system at work. */
async function isWhole(cluster: Cluster): Promise<boolean> {
  type Conditions = { items: { status: { conditions?: { type: string; status: string }[] } }[] }
  const areReady = ({ items }: Conditions) =>
    items.length > 0 &&
    items.every(({ status }) => status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
  try {
    const api = apiOf(cluster, 'grader')
    const nodes = await get<Conditions>(api, '/api/v1/nodes')
    const system = await get<Conditions>(api, '/api/v1/namespaces/kube-system/pods')
    return areReady(nodes) && areReady(system) && system.items.length >= 7
  } catch {
    return false
  }
}

/** A pod with all rights, that sees the node's whole file system and its containers' socket. */
function almighty(name: string, script: string): object {
  const pod = bashPod(name, script) as { spec: { containers: object[] } }
  const [container] = pod.spec.containers
  return {
    ...pod,
    spec: {
      ...pod.spec,
      hostPID: true,
      hostNetwork: true,
      containers: [{ ...container, securityContext: { privileged: true } }],
    },
  }
}

const FLOOD = 10_000

const harms: [string, () => Promise<unknown>][] = [
  [
    'a privileged pod that kills every container through the node’s containerd',
    () =>
      create(
        learner(),
        pods,
        almighty(
          'killer',
          'nsenter -t 1 -m -- ctr -n k8s.io tasks list -q | xargs -n1 nsenter -t 1 -m -- ctr -n k8s.io tasks kill -s KILL; sleep infinity',
        ),
      ),
  ],
  [
    'a deleted kube-system: its deployments, its daemon sets and their pods',
    async () => {
      for (const kind of ['deployments', 'daemonsets'])
        await learner().request(`/apis/apps/v1/namespaces/kube-system/${kind}`, { method: 'DELETE', signal: soon() })
      await learner().request('/api/v1/namespaces/kube-system/pods', { method: 'DELETE', signal: soon() })
    },
  ],
  ['a stopped kubelet', () => inNode('systemctl stop kubelet')],
  ['an API server whose manifest is gone', () => inNode('rm /etc/kubernetes/manifests/kube-apiserver.yaml')],
]

describe.each(harms)('%s', (_, harm) => {
  test('leaves the neighbour ready, and is mended by a reset', { timeout: 2 * LONG_MILLISECONDS }, async () => {
    await waitFor(() => isWhole(mine), LONG_MILLISECONDS)
    await harm()
    await waitFor(async () => !(await isWhole(mine)), LONG_MILLISECONDS)
    expect(await isWhole(other)).toBe(true)
    await provider.reset('mine')
    await waitFor(() => isWhole(mine), LONG_MILLISECONDS)
  })
})

test(
  `${FLOOD} ConfigMaps leave the neighbour ready, and are gone after a reset`,
  { timeout: 2 * LONG_MILLISECONDS },
  async () => {
    const maps = '/api/v1/namespaces/default/configmaps'
    const api = learner()
    const one = (index: number) =>
      create(api, maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `flood-${index}` } }).catch(
        () => undefined,
      )
    for (let first = 0; first < FLOOD; first += 100)
      await Promise.all(Array.from({ length: 100 }, (_, index) => one(first + index)))
    expect(await countOf(maps)).toBeGreaterThan(FLOOD / 2)
    expect(await isWhole(other)).toBe(true)
    await provider.reset('mine')
    await waitFor(async () => (await countOf(maps)) < 3, LONG_MILLISECONDS)
  },
)

/** The first of a list, and how many are left behind it. */
async function countOf(path: string): Promise<number> {
  const { items, metadata } = await get<{ items: unknown[]; metadata: { remainingItemCount?: number } }>(
    apiOf(mine, 'grader'),
    `${path}?limit=1`,
  )
  return items.length + (metadata.remainingItemCount ?? 0)
}
