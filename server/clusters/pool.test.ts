import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { waitFor } from '../../test/support/waiting.ts'
import { createPool, type ClusterPool, type PoolOptions } from './pool.ts'
import type { Cluster, ClusterProvider } from './provider.ts'
import { BARE, type Shape, type Wanted } from './shape.ts'

const HOUR = 60 * 60_000
const soon = () => AbortSignal.timeout(5000)

/** Clusters that are only names; `list` and `create` answer when the test lets them. */
class Names implements ClusterProvider {
  readonly name = 'simulated'
  readonly ids = new Set<string>()
  listing: Promise<void> | undefined
  creating: Promise<void> | undefined

  async create(id: string, signal: AbortSignal): Promise<Cluster> {
    await Promise.race([
      this.creating,
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ])
    this.ids.add(id)
    return { id } as Cluster
  }

  async find(id: string): Promise<Cluster | undefined> {
    return this.ids.has(id) ? ({ id } as Cluster) : undefined
  }

  async reset(): Promise<void> {}

  undeletable: string | undefined

  async delete(id: string): Promise<void> {
    if (id === this.undeletable) throw new Error('stuck')
    this.ids.delete(id)
  }

  async list(): Promise<string[]> {
    await this.listing
    return [...this.ids]
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function later(): { done: Promise<void>; release: () => void } {
  let release = () => {}
  const done = new Promise<void>((resolve) => (release = resolve))
  return { done, release }
}

let clusters: Names
let clock: ManualClock
let wanted: Wanted[]
let pool: ClusterPool
const open = (options: Partial<PoolOptions> = {}) =>
  (pool = createPool(clusters, {
    wanted: () => wanted,
    clock,
    onError: (error) => expect.fail(String(error)),
    ...options,
  }))
beforeEach(() => {
  clusters = new Names()
  clock = new ManualClock()
  wanted = [{ shape: BARE, size: 1 }]
  open()
})
const count = (key: string) => [...clusters.ids].filter((id) => id.startsWith(`${key}-`)).length

describe('after a start', () => {
  test.each([0, 1])(
    'a cluster that is claimed while it is looked around is nobody else’s, with %i spares',
    async (size) => {
      wanted = [{ shape: BARE, size }]
      const { done, release } = later()
      clusters.listing = done
      const adopting = pool.adopt(new Set())
      const first = await pool.claim(BARE, soon())
      release()
      await adopting
      expect([...clusters.ids]).toContain(first.cluster.id)
      const second = await pool.claim(BARE, soon())
      expect(second.cluster.id).not.toBe(first.cluster.id)
      await pool[Symbol.asyncDispose]()
      expect([...clusters.ids].sort()).toEqual([first.cluster.id, second.cluster.id].sort())
    },
  )

  test('closing while it is looked around leaves nothing that nobody holds', async () => {
    clusters.ids.add('held').add('bare-loose')
    const { done, release } = later()
    clusters.listing = done
    const adopting = pool.adopt(new Set(['held']))
    const closing = pool[Symbol.asyncDispose]()
    release()
    await Promise.all([adopting, closing])
    expect([...clusters.ids]).toEqual(['held'])
    await pool.adopt(new Set(['held']))
    expect([...clusters.ids]).toEqual(['held'])
  })

  test('spares of today’s content are kept, those of another version end', async () => {
    for (const id of ['held', 'bare-1', 'bare-2', 'lab1-1']) clusters.ids.add(id)
    await pool.adopt(new Set(['held']))
    expect([...clusters.ids]).toEqual(['held', 'bare-1'])
  })
})

describe('spares', () => {
  const lab = (key: string, log: string[] = []): Shape => ({
    key,
    options: {},
    prepare: async ({ id }) => void log.push(`prepared ${id.split('-')[0]}`),
  })

  test('of every wanted shape are made, each prepared once', async () => {
    const log: string[] = []
    wanted = [
      { shape: lab('one', log), size: 2 },
      { shape: lab('two', log), size: 1 },
    ]
    await pool.adopt(new Set())
    await waitFor(() => clusters.ids.size === 3)
    expect(log).toEqual(['prepared one', 'prepared one', 'prepared two'])
    const { isPrepared, cluster } = await pool.claim(wanted[0]!.shape, soon())
    expect([isPrepared, cluster.id]).toEqual([true, expect.stringMatching(/^one-/)])
    await waitFor(() => log.length === 4)
  })

  test('that cannot be prepared are taken away', async () => {
    const errors: unknown[] = []
    open({ onError: (error) => errors.push(error) })
    wanted = [{ shape: { ...BARE, prepare: () => Promise.reject(new Error('no set-up')) }, size: 1 }]
    await pool.adopt(new Set())
    await waitFor(() => errors.length === 1)
    expect([...clusters.ids]).toEqual([])
  })

  test('follow a schedule, within a minute', async () => {
    await pool.adopt(new Set())
    await waitFor(() => count('bare') === 1)
    wanted = [{ shape: BARE, size: 3 }]
    await clock.advance(60_000)
    await waitFor(() => count('bare') === 3)
    wanted = [{ shape: BARE, size: 0 }]
    await clock.advance(60_000)
    await waitFor(() => count('bare') === 0)
  })

  test('are made anew after a day', async () => {
    await pool.adopt(new Set())
    await waitFor(() => count('bare') === 1)
    const [old] = clusters.ids
    await clock.advance(23 * HOUR)
    expect([...clusters.ids]).toEqual([old])
    await clock.advance(2 * HOUR)
    await waitFor(() => count('bare') === 1 && !clusters.ids.has(old!))
  })

  test('are not begun while the machine is busy; who claims one gets one made to order', async () => {
    let isIdle = false
    open({ isIdle: () => isIdle })
    await pool.adopt(new Set())
    expect(await pool.claim(BARE, soon())).toMatchObject({ isPrepared: false })
    expect(clusters.ids.size).toBe(1)
    isIdle = true
    await clock.advance(60_000)
    await waitFor(() => clusters.ids.size === 2)
  })

  test('stand still until they are claimed', async () => {
    const log: string[] = []
    const say = (word: string) => async (id: string) => void log.push(`${word} ${id.split('-')[0]}`)
    open({ still: { pause: say('pause'), resume: say('resume') }, onError: (error) => log.push(String(error)) })
    await pool.adopt(new Set())
    await waitFor(() => log.length === 1)
    clusters.ids.clear()
    // One that does not answer when it is woken is given up, and another one is made.
    const { isPrepared } = await pool.claim(BARE, soon())
    expect(isPrepared).toBe(false)
    expect(log.slice(0, 3)).toEqual([
      'pause bare',
      'resume bare',
      expect.stringMatching(/spare cluster bare-\w+ is gone/),
    ])
  })
})

describe('who waits is told for what', () => {
  test('for the spare that is being made', async () => {
    const { done, release } = later()
    clusters.creating = done
    await pool.adopt(new Set())
    const said: string[] = []
    const claim = pool.claim(BARE, soon(), (sentence) => said.push(sentence))
    await waitFor(() => said.length === 1)
    release()
    expect(await claim).toMatchObject({ isPrepared: true })
    expect(said).toEqual(['the next prepared cluster is being made, and is waited for'])
  })

  test('for those who came before', async () => {
    wanted = []
    const { done, release } = later()
    clusters.creating = done
    const said: string[] = []
    const claims = [1, 2, 3].map(() => pool.claim(BARE, soon(), (sentence) => said.push(sentence)))
    await waitFor(() => said.length === 2)
    release()
    await Promise.all(claims)
    expect(said).toEqual(['1 other cluster is made first', '2 other clusters are made first'])
  })
})

describe('who gives up', () => {
  test('while a spare wakes for them leaves no cluster behind', async () => {
    const waking = later()
    const still = { pause: async () => undefined, resume: () => waking.done }
    open({ still, onError: () => undefined })
    await pool.adopt(new Set())
    await waitFor(() => clusters.ids.size === 1)
    const [spare] = clusters.ids
    wanted = []
    const gone = new AbortController()
    const claim = pool.claim(BARE, gone.signal)
    gone.abort(new Error('deleted'))
    waking.release()
    await expect(claim).rejects.toThrow('deleted')
    expect(clusters.ids.has(spare!)).toBe(false)
  })

  test('while a spare is being made waits no longer', async () => {
    clusters.creating = later().done
    await pool.adopt(new Set())
    const gone = new AbortController()
    const waits = later()
    const claim = pool.claim(BARE, gone.signal, waits.release)
    await waits.done
    gone.abort(new Error('deleted'))
    await expect(claim).rejects.toThrow('deleted')
  })
})

test('of a class that comes at once one waits for the spare that is being made, the others get theirs made', async () => {
  const { done, release } = later()
  clusters.creating = done
  await pool.adopt(new Set())
  const said: string[] = []
  const claims = [1, 2, 3].map(() => pool.claim(BARE, soon(), (sentence) => said.push(sentence)))
  await waitFor(() => said.length === 2)
  release()
  const ids = (await Promise.all(claims)).map(({ cluster }) => cluster.id)
  expect(new Set(ids).size).toBe(3)
  expect(said.filter((sentence) => sentence.includes('is waited for'))).toHaveLength(1)
})

test('a shape that cannot be made keeps no other from being made', async () => {
  const broken: Shape = { key: 'broken', options: {}, prepare: () => Promise.reject(new Error('no image')) }
  wanted = [
    { shape: broken, size: 1 },
    { shape: BARE, size: 1 },
  ]
  open({ onError: () => undefined })
  await pool.adopt(new Set())
  await waitFor(() => count('bare') === 1)
})

test('a spare that cannot be ended keeps no other from its end', async () => {
  clusters.undeletable = 'bare-stuck'
  clusters.ids.add('old-1').add('bare-stuck').add('old-2')
  wanted = []
  open({ onError: () => undefined })
  await pool.adopt(new Set())
  expect([...clusters.ids]).toEqual(['bare-stuck'])
})

test('closing gives up a spare that is not nearly made', async () => {
  clusters.creating = later().done
  open({ onError: () => undefined })
  await pool.adopt(new Set())
  const closing = pool[Symbol.asyncDispose]()
  await clock.advance(1000)
  await closing
  expect([...clusters.ids]).toEqual([])
})
