import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../../test/support/waiting.ts'
import { taskOf, World } from './testing.ts'

let world: World
beforeEach(async () => {
  world = await World.create()
})
afterEach(() => world[Symbol.asyncDispose]())

describe('a learner who resets the cluster', () => {
  test('gets the same one as the lab begins with it; files and shells stay, what has to hold is checked again', async () => {
    const session = await world.ready()
    const { claimedCluster } = session
    await world.check(session, 'first')
    world.verdict = { state: 'unmet', code: 'none', reason: 'There is none.', evidence: [] }
    await session.reset()
    expect(session.view().state).toBe('preparing')
    await waitFor(() => session.state === 'ready')
    expect(world.clusters.resets).toEqual([claimedCluster])
    expect(session.claimedCluster).toBe(claimedCluster)
    expect(world.endedShells).toEqual([])
    // The queue lets changes settle before it checks.
    await world.clock.advance(1000)
    await waitFor(() => taskOf(session, 'first').state === 'fallen')
  })

  test('gets another one when this one cannot be led back', async () => {
    const session = await world.ready()
    const { claimedCluster } = session
    world.clusters.resetFailure = new Error('etcd is gone')
    await session.reset()
    await waitFor(() => session.state === 'ready')
    expect(session.claimedCluster).not.toBe(claimedCluster)
    expect([...world.clusters.clusters.keys()]).toEqual([session.claimedCluster])
    const { phases } = session.view()
    expect(phases[0]!.log.join('\n')).toContain('could not be reset, so another one is made: etcd is gone')
  })

  test('gets it also when the server dies meanwhile, and only once', async () => {
    const session = await world.ready()
    await session.reset()
    await world.restart()
    const again = await world.sessions.get(session.id, 'ada')
    await waitFor(() => again.state === 'ready')
    expect(world.clusters.resets.length).toBeGreaterThan(0)
    const before = world.clusters.resets.length
    await world.restart()
    await waitFor(() => world.sessions.find(session.id, 'ada')?.state === 'ready')
    expect(world.clusters.resets).toHaveLength(before)
  })

  test('and asks for another try at the same time, gets one cluster', async () => {
    world.workspaces.failure = new Error('no room')
    const session = await world.sessions.start('ada', 'tiny')
    await waitFor(() => session.state === 'failed')
    world.workspaces.failure = undefined
    world.clusters.clusters.clear()
    const both = await Promise.allSettled([session.retry(), session.reset()])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    await waitFor(() => session.state === 'ready')
    expect([...world.clusters.clusters.keys()]).toEqual([session.claimedCluster])
  })

  test('is refused while the session is made, and when it is over', async () => {
    const session = await world.ready()
    const first = session.reset()
    await first
    await expect(session.reset()).rejects.toMatchObject({ code: 'SESSION_NOT_READY' })
    await waitFor(() => session.state === 'ready')
    await session.finish('learner')
    await expect(session.reset()).rejects.toMatchObject({ code: 'SESSION_OVER' })
  })
})
