import { expect, test } from 'vitest'
import { createPool } from './pool.ts'
import type { Cluster, ClusterProvider } from './provider.ts'

/** Clusters that are only names; `list` answers when the test lets it. */
function provider() {
  const ids = new Set<string>()
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const cluster = (id: string) => ({ id }) as Cluster
  const clusters: ClusterProvider = {
    name: 'names',
    create: async (id) => (ids.add(id), cluster(id)),
    find: async (id) => (ids.has(id) ? cluster(id) : undefined),
    reset: async () => {},
    delete: async (id) => void ids.delete(id),
    list: async () => {
      await released
      return [...ids]
    },
    [Symbol.asyncDispose]: async () => {},
  }
  return { clusters, ids, release }
}
const soon = () => AbortSignal.timeout(5000)

test.each([0, 1])(
  'a cluster that is claimed while the pool still looks around is nobody else’s, with %i spares',
  async (size) => {
    const { clusters, ids, release } = provider()
    const pool = createPool(clusters, { size, onError: (error) => expect.fail(String(error)) })
    const adopting = pool.adopt(new Set())
    const first = await pool.claim(soon())
    release()
    await adopting
    expect([...ids]).toContain(first.id)
    const second = await pool.claim(soon())
    expect(second.id).not.toBe(first.id)
    await pool[Symbol.asyncDispose]()
    expect([...ids].sort()).toEqual([first.id, second.id].sort())
  },
)

test('closing while the pool still looks around leaves nothing that nobody holds', async () => {
  const { clusters, ids, release } = provider()
  ids.add('held').add('loose')
  const pool = createPool(clusters, { size: 1, onError: (error) => expect.fail(String(error)) })
  const adopting = pool.adopt(new Set(['held']))
  const closing = pool[Symbol.asyncDispose]()
  release()
  await Promise.all([adopting, closing])
  expect([...ids]).toEqual(['held'])
  await pool.adopt(new Set(['held']))
  expect([...ids]).toEqual(['held'])
})
