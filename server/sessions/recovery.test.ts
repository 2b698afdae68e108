import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../../test/support/waiting.ts'
import type { Session } from './session.ts'
import { TINY_LAB, taskOf, World } from './testing.ts'

let world: World
beforeEach(async () => {
  world = await World.create()
})
afterEach(() => world[Symbol.asyncDispose]())

const ready = () => world.ready()
const check = (session: Session, task: string) => world.check(session, task)

describe('after a restart of the server', () => {
  test('a session is recovering until its cluster answers, and has all its progress', async () => {
    const session = await ready()
    await session.openStep('one')
    await check(session, 'first')
    world.clusters.answering = false
    await world.restart()
    const again = await world.sessions.get(session.id, 'ada')
    await waitFor(() => [...world.clusters.clusters.values()].some((listeners) => listeners.size > 0))
    expect(again.view()).toMatchObject({
      state: 'recovering',
      problem: { code: 'CLUSTER_AWAY' },
      points: { earned: 5 },
    })
    await expect(again.check('first')).rejects.toMatchObject({ code: 'CLUSTER_AWAY' })
    world.clusters.tell({ type: 'READY' })
    expect(again.view()).toMatchObject({ state: 'ready', sandboxed: true })
    expect(await world.sessions.start('ada', 'tiny')).toBe(again)
  })

  test('a session says what is the matter with its cluster where that is known', async () => {
    const session = await ready()
    const problem = { code: 'CLUSTER_STOPPED', sentence: 'The cluster filled its disk.' }
    world.clusters.tell({ type: 'AWAY' })
    expect(session.view()).toMatchObject({ state: 'recovering', problem: { code: 'CLUSTER_AWAY' } })
    world.clusters.tell({ type: 'AWAY', problem })
    expect(session.view()).toMatchObject({ state: 'recovering', problem })
  })

  test('a session never claims to be ready before its cluster has answered', async () => {
    const { id } = await ready()
    world.clusters.answering = false
    await world.restart()
    expect(world.sessions.find(id, 'ada')!.view()).toMatchObject({
      state: 'recovering',
      problem: { code: 'CLUSTER_AWAY' },
    })
  })

  test('preparation goes on where it was', async () => {
    world.workspaces.failure = new Error('x')
    const { id } = await world.sessions.start('ada', 'tiny')
    await waitFor(() => world.sessions.find(id, 'ada')?.state === 'failed')
    world.workspaces.failure = undefined
    await world.sessions.find(id, 'ada')!.retry()
    await world.restart()
    await waitFor(() => world.sessions.find(id, 'ada')?.state === 'ready')
    expect(world.clusters.clusters.size).toBe(1)
  })

  test('a preparation that failed goes on with the workspace that is there', async () => {
    world.clusters.answering = false
    await world.writeLab('tiny', {
      ...TINY_LAB,
      'lab.yaml': `${TINY_LAB['lab.yaml']}setup: [pod.yaml]\n`,
      'pod.yaml': 'x',
    })
    const { id } = await world.sessions.start('ada', 'tiny')
    await waitFor(() => world.sessions.find(id, 'ada')?.state === 'failed')
    await world.restart()
    const session = await world.sessions.get(id, 'ada')
    await session.retry()
    await waitFor(() => session.state === 'failed')
    expect(session.view()).toMatchObject({ problem: { code: 'SETUP_UNREADABLE', phase: 'setup' }, sandboxed: true })
    expect(session.shell()).toBeDefined()
  })

  test('a cluster that went in mid-preparation is made anew', async () => {
    world.workspaces.failure = new Error('x')
    const { id } = await world.sessions.start('ada', 'tiny')
    await waitFor(() => world.sessions.find(id, 'ada')?.state === 'failed')
    world.workspaces.failure = undefined
    world.clusters.clusters.clear()
    await world.restart()
    const session = await world.sessions.get(id, 'ada')
    await session.retry()
    await waitFor(() => session.state === 'failed')
    expect(session.view().problem).toMatchObject({ code: 'CLUSTER_UNKNOWN', phase: 'cluster' })
    await session.retry()
    await waitFor(() => session.state === 'ready')
  })

  test('what has to be prepared again is prepared again, also after a second restart', async () => {
    const { id } = await ready()
    world.clusters.clusters.clear()
    world.clusters.failure = new Error('no room')
    await world.restart()
    await waitFor(() => world.sessions.find(id, 'ada')!.state === 'failed')
    await world.sessions.find(id, 'ada')!.retry()
    await waitFor(() => world.sessions.find(id, 'ada')!.view().problem?.code === 'PHASE_FAILED')
    await world.restart()
    const session = await world.sessions.get(id, 'ada')
    expect(session.view().phases.map(({ state }) => state)).toEqual(['failed', 'waiting', 'waiting'])
    world.clusters.failure = undefined
    await session.retry()
    await waitFor(() => session.state === 'ready')
  })

  test('a session whose deadline passed meanwhile is ended', async () => {
    const session = await ready()
    await world.sessions[Symbol.asyncDispose]()
    await world.clock.advance(25 * 3_600_000)
    await world.restart()
    await world.clock.advance(1)
    await waitFor(async () => (await world.sessions.get(session.id, 'ada')).view().state === 'finished')
    await waitFor(() => world.clusters.clusters.size === 0)
  })

  test('a deletion that was cut short is completed', async () => {
    const session = await ready()
    await world.store.append(session.id, (await world.store.read(session.id)).length, [{ type: 'deleted' }])
    await world.restart()
    await waitFor(() => world.clusters.clusters.size === 0)
    expect(await world.store.attempts({ held: true })).toEqual([])
  })

  test('a session that is deleted while it is taken up leaves nothing behind', async () => {
    const { id } = await ready()
    const find = world.clusters.find.bind(world.clusters)
    let go = () => {}
    const held = new Promise<void>((resolve) => (go = resolve))
    let isAsked = false
    world.clusters.find = async (cluster) => {
      isAsked = true
      const found = await find(cluster)
      await held
      return found
    }
    await world.restart()
    await waitFor(() => isAsked)
    const deleted = world.sessions.find(id, 'ada')!.delete()
    await waitFor(async () => (await world.store.read(id)).some(({ type }) => type === 'deleted'))
    // Whatever the deletion can do meanwhile it may do.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    go()
    await deleted
    await new Promise((resolve) => setImmediate(resolve))
    expect([[...world.workspaces.made], [...world.clusters.clusters]]).toEqual([[], []])
  })

  test('a finished session still shows its summary', async () => {
    const session = await ready()
    await session.finish('learner')
    await session.release()
    await world.restart()
    expect((await world.sessions.get(session.id, 'ada')).view().state).toBe('finished')
  })

  test('a finished session still has what was made on it, unless its time is over', async () => {
    const session = await ready()
    await session.finish('learner')
    await world.restart()
    const again = world.sessions.find(session.id, 'ada')!
    await waitFor(() => world.workspaces.opened.has(session.id))
    expect([again.state, again.held, again.shell()]).toMatchObject(['finished', true, {}])
    await world.sessions[Symbol.asyncDispose]()
    await world.clock.advance(25 * 3_600_000)
    await world.restart()
    await world.clock.advance(1)
    await waitFor(() => world.clusters.clusters.size === 0)
    expect(await world.store.attempts({ held: true })).toEqual([])
  })
})

describe('when the cluster', () => {
  test('is away the session recovers, and is ready again with it', async () => {
    const session = await ready()
    world.clusters.tell({ type: 'AWAY' })
    expect(session.view()).toMatchObject({ state: 'recovering', problem: { code: 'CLUSTER_AWAY' } })
    world.clusters.tell({ type: 'READY' })
    expect(session.view().state).toBe('ready')
    expect(session.view()).not.toHaveProperty('problem')
  })

  test('is gone the session fails, and a retry makes another with the same progress', async () => {
    const session = await ready()
    await check(session, 'first')
    const { claimedCluster } = session
    await world.clusters.delete(claimedCluster!)
    world.clusters.clusters.set('other', new Set())
    await world.restart()
    const again = await world.sessions.get(session.id, 'ada')
    await waitFor(() => again.state === 'failed')
    await again.retry()
    await waitFor(() => again.state === 'ready')
    expect(again.claimedCluster).not.toBe(claimedCluster)
    expect(again.view().points.earned).toBe(5)
    expect(world.workspaces.made.get(session.id)).toContain(`learner of ${again.claimedCluster}`)
  })

  test.each([
    ['at once', () => Promise.resolve()],
    ['after a restart of the server', () => world.restart()],
  ])('is made anew %s, what was met on the old one is checked again', async (_, between) => {
    const session = await ready()
    await check(session, 'first')
    world.verdict = { state: 'unmet', code: 'none', reason: 'There is none.', evidence: [] }
    world.clusters.clusters.delete(session.claimedCluster!)
    await world.restart()
    await waitFor(() => world.sessions.find(session.id, 'ada')?.state === 'failed')
    await between()
    const again = await world.sessions.get(session.id, 'ada')
    await again.retry()
    await waitFor(() => again.state === 'ready')
    // The queue lets changes settle before it checks.
    await world.clock.advance(1000)
    await waitFor(() => taskOf(again, 'first').state === 'fallen')
    expect(taskOf(again, 'second').state).toBe('todo')
  })
})
