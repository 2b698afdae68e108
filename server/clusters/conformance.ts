import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../test/support/waiting.ts'
import type { ClusterNotice, ClusterProvider } from './provider.ts'

/** What every provider of clusters must do. `open` makes another provider over the same clusters, as after a restart of the server. */
export function clusterConformance(
  name: string,
  prepare: () => Promise<{ open: () => ClusterProvider; remove: () => Promise<void> }>,
  /** How long each thing may take. */
  limitMilliseconds = 60_000,
): void {
  const soon = () => AbortSignal.timeout(limitMilliseconds)
  describe(`${name} clusters`, () => {
    let place: Awaited<ReturnType<typeof prepare>>
    let provider: ClusterProvider
    beforeAll(async () => {
      place = await prepare()
      provider = place.open()
    })
    afterAll(async () => {
      for (const id of await provider.list()) await provider.delete(id)
      await provider[Symbol.asyncDispose]()
      await place.remove()
    })

    test('creates a cluster with an address and credentials of each identity', async () => {
      const cluster = await provider.create('one', soon())
      expect(cluster.id).toBe('one')
      const [learner, grader] = [cluster.credentials('learner'), cluster.credentials('grader')]
      expect(learner.server).toMatch(/^https:\/\//)
      expect(learner.server).toBe(grader.server)
      expect(learner).not.toEqual(grader)
    })

    test('creating again gives the same cluster', async () => {
      const [first, second] = [await provider.create('one', soon()), await provider.create('one', soon())]
      expect(second.credentials('learner')).toEqual(first.credentials('learner'))
    })

    test('finds what is there, and only that', async () => {
      const cluster = await provider.create('one', soon())
      expect((await provider.find('one'))?.credentials('grader')).toEqual(cluster.credentials('grader'))
      expect(await provider.find('never-made')).toBeUndefined()
    })

    test('lists all clusters, and deleting twice is no error', async () => {
      await provider.create('two', soon())
      expect(await provider.list()).toEqual(expect.arrayContaining(['one', 'two']))
      await provider.delete('two')
      await provider.delete('two')
      expect(await provider.list()).not.toContain('two')
    })

    test('resetting keeps address and credentials', async () => {
      const before = (await provider.create('one', soon())).credentials('learner')
      await provider.reset('one')
      expect((await provider.find('one'))?.credentials('learner')).toEqual(before)
    })

    test('another provider finds the clusters again', async () => {
      const before = (await provider.create('one', soon())).credentials('learner')
      await provider[Symbol.asyncDispose]()
      provider = place.open()
      expect((await provider.find('one'))?.credentials('learner')).toEqual(before)
    })

    test('says in words why a probe could not be sent', async () => {
      const cluster = await provider.create('one', soon())
      const from = { kind: 'workload', namespace: 'default', workload: 'nobody' } as const
      expect(await cluster.probe({ from, url: 'http://nowhere/' }, soon())).toMatchObject({
        refusal: 'no-workload',
        message: expect.any(String),
      })
    })

    test('watching begins with READY and tells when the cluster is gone', async () => {
      const cluster = await provider.create('three', soon())
      const notices: ClusterNotice['type'][] = []
      const watch = cluster.watch((notice) => notices.push(notice.type))
      await waitFor(() => notices.includes('READY'), limitMilliseconds)
      expect(notices[0]).toBe('READY')
      await provider.delete('three')
      await waitFor(() => notices.includes('GONE'), limitMilliseconds)
      watch[Symbol.dispose]()
    })
  })
}
