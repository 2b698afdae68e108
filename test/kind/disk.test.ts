import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KindClusterProvider } from '../../server/clusters/kind/index.ts'
import type { Cluster, ClusterNotice } from '../../server/clusters/provider.ts'
import { waitFor } from '../support/waiting.ts'
import { apiOf, bashPod, create, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

let world: KindWorld
let provider: KindClusterProvider
let cluster: Cluster
beforeAll(async () => {
  // A node alone takes less than two.
  process.env['LABWRIGHT_DISK_GIBIBYTES'] = '4'
  world = await KindWorld.create()
  provider = world.open()
  cluster = await provider.create('one', soon())
})
afterAll(async () => {
  delete process.env['LABWRIGHT_DISK_GIBIBYTES']
  await world.remove()
})

test('a disk filler is made to stand still with a sentence, and its cluster is as new after a reset', async () => {
  const seen: ClusterNotice[] = []
  const watch = cluster.watch((notice) => seen.push(notice))
  await waitFor(() => seen.some(({ type }) => type === 'READY'), LONG_MILLISECONDS)
  const filler = bashPod('filler', 'head -c 4G /dev/zero >/filler; sleep infinity')
  await create(apiOf(cluster, 'learner'), '/api/v1/namespaces/default/pods', filler)
  const problem = () => seen.findLast((notice) => notice.type === 'AWAY' && notice.problem !== undefined)
  await waitFor(() => problem() !== undefined, LONG_MILLISECONDS)
  expect(problem()).toMatchObject({
    problem: {
      code: 'CLUSTER_STOPPED',
      sentence: expect.stringMatching(/^The cluster filled its disk \([\d.]+ GiB of 4\)/),
    },
  })
  seen.length = 0
  await provider.reset('one')
  await waitFor(() => seen.some(({ type }) => type === 'READY'), LONG_MILLISECONDS)
  const pods = await apiOf(cluster, 'learner').request('/api/v1/namespaces/default/pods', { signal: soon() })
  expect(pods).toMatchObject({ status: 200, body: { items: [] } })
  watch[Symbol.dispose]()
})
