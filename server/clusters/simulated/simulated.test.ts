import { systemClock } from '../../../protocol/clock.ts'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../../../test/support/waiting.ts'
import { clusterConformance } from '../conformance.ts'
import { createPool } from '../pool.ts'
import { BARE } from '../shape.ts'
import type { ClusterNotice, ClusterProvider } from '../provider.ts'
import type { HostProcess } from '../../sockets/index.ts'
import { simulatedClusters, simulatorHost } from './index.ts'

const fakeHost = [process.execPath, fileURLToPath(new URL('fake-host.mjs', import.meta.url))]
const makeFolder = () => mkdtemp(path.join(os.tmpdir(), 'labwright-clusters-'))

const realHost = [process.execPath, fileURLToPath(new URL('../../../dist/simulator-host.js', import.meta.url))]
describe.each([
  ['of a fake host', fakeHost],
  ['of the simulator', realHost],
])('%s', (_, command) => {
  clusterConformance('simulated', async () => {
    const dataFolder = await makeFolder()
    return {
      open: () => simulatedClusters({ command, dataFolder }),
      remove: () => rm(dataFolder, { recursive: true }),
    }
  })
})

describe('the host', () => {
  let dataFolder: string
  let host: HostProcess
  let provider: ClusterProvider
  beforeEach(async () => {
    dataFolder = await makeFolder()
    host = simulatorHost({ command: fakeHost, dataFolder })
    provider = simulatedClusters({ command: fakeHost, dataFolder })
  })
  afterEach(async () => {
    const pid = await host.pid()
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
    await rm(dataFolder, { recursive: true })
  })
  const kill = async () => process.kill((await host.pid())!, 'SIGKILL')

  test('that was killed is replaced, its clusters are back, and watchers learn both', async () => {
    const cluster = await provider.create('one', AbortSignal.timeout(10_000))
    const notices: ClusterNotice['type'][] = []
    const watch = cluster.watch((notice) => notices.push(notice.type))
    await waitFor(() => notices.length === 1)
    await kill()
    await waitFor(() => notices.length === 3)
    expect(notices).toEqual(['READY', 'AWAY', 'READY'])
    expect((await provider.find('one'))?.credentials('learner')).toEqual(cluster.credentials('learner'))
    watch[Symbol.dispose]()
  })

  test('is started once for many requests at the same time', async () => {
    await Promise.all(['a', 'b', 'c'].map((id) => provider.create(id, AbortSignal.timeout(10_000))))
    expect((await provider.list()).sort()).toEqual(['a', 'b', 'c'])
  })

  test('that cannot start is CLUSTER_HOST_DOWN, with the place of its log', async () => {
    const broken = simulatedClusters({ command: [...fakeHost, '--crash'], dataFolder })
    const refusal = broken.create('one', AbortSignal.timeout(10_000))
    await expect(refusal).rejects.toMatchObject({ code: 'CLUSTER_HOST_DOWN' })
    await expect(refusal).rejects.toThrow(/ended with exit code 3.*host\.log/)
    expect(await readFile(path.join(dataFolder, 'clusters', 'host.log'), 'utf8')).toBe('')
  })

  test('ends with the provider when it holds no cluster, and stays when it does', async () => {
    await provider.create('one', AbortSignal.timeout(10_000))
    await provider[Symbol.asyncDispose]()
    expect(await host.pid()).toBeDefined()
    await provider.delete('one')
    await provider[Symbol.asyncDispose]()
    await waitFor(async () => (await host.pid()) === undefined)
  })

  describe('and the pool', () => {
    const spare = {
      wanted: () => [{ shape: BARE, size: 1 }],
      clock: systemClock,
      onError: (error: unknown) => expect.fail(String(error)),
    }
    test('hands out every cluster once and makes the next', async () => {
      const pool = createPool(provider, spare)
      await pool.adopt(new Set())
      const claims = await Promise.all([1, 2, 3].map(() => pool.claim(BARE, AbortSignal.timeout(10_000))))
      expect(new Set(claims.map(({ cluster }) => cluster.id)).size).toBe(3)
      await waitFor(async () => (await provider.list()).length === 4)
      await pool[Symbol.asyncDispose]()
      expect(await provider.list()).toHaveLength(3)
    })

    test('after a restart takes unclaimed clusters as spares, ends what is too much, leaves what is held', async () => {
      for (const id of ['held', 'bare-1', 'bare-2', 'other-1']) await provider.create(id, AbortSignal.timeout(10_000))
      const pool = createPool(provider, spare)
      await pool.adopt(new Set(['held']))
      expect(await provider.list()).toHaveLength(2)
      expect((await pool.claim(BARE, AbortSignal.timeout(10_000))).cluster.id).toMatch(/^bare-/)
      expect(await provider.list()).toContain('held')
      await pool[Symbol.asyncDispose]()
    })
  })
})
