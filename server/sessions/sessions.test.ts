import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serverError } from '../../protocol/errors/server.ts'
import type { SessionEvent } from '../../protocol/session.ts'
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

describe('preparing', () => {
  test('goes through its phases, with their logs, to ready', async () => {
    const { phases, state, sandboxed } = (await ready()).view()
    expect({ state, sandboxed }).toEqual({ state: 'ready', sandboxed: true })
    expect(phases).toMatchObject([
      { id: 'cluster', state: 'done', log: ['the Kubernetes API answers at https://127.0.0.1:1'] },
      { id: 'tools', state: 'done', log: ['kubectl is missing'] },
      { id: 'setup', state: 'done' },
    ])
  })

  test('asks for a cluster with Istio in it where the lab begins with one', async () => {
    await world.writeLab('tiny', { ...TINY_LAB, 'lab.yaml': TINY_LAB['lab.yaml'].replace('absent', 'installed') })
    const { claimedCluster } = await ready()
    expect(world.clusters.asked.get(claimedCluster!)).toEqual({ istio: 'demo' })
  })

  test("gives the workspace the learner's credentials, never the grader's", async () => {
    const { id } = await ready()
    expect(world.workspaces.made.get(id)).toContain('learner of')
    expect(world.workspaces.made.get(id)).not.toContain('grader of')
  })

  test('knows the usual times from the second time on', async () => {
    const first = await ready()
    await first.delete()
    expect((await ready()).view().phases[0]).toHaveProperty('usualMilliseconds')
  })

  test('that fails says which phase and why, and a retry keeps the finished phases', async () => {
    world.workspaces.failure = new Error('no bash')
    const session = await world.sessions.start('ada', 'tiny')
    await waitFor(() => session.state === 'failed')
    expect(session.view().problem).toEqual({
      code: 'PHASE_FAILED',
      phase: 'tools',
      sentence: 'The phase "tools" failed: no bash.',
    })
    expect(session.view().phases.map(({ state }) => state)).toEqual(['done', 'failed', 'waiting'])
    const { claimedCluster } = session
    world.workspaces.failure = undefined
    await session.retry()
    await waitFor(() => session.state === 'ready')
    expect(session.claimedCluster).toBe(claimedCluster)
    await expect(session.retry()).rejects.toMatchObject({ code: 'SESSION_NOT_FAILED' })
  })

  test('is tried again once, however often that is asked for at the same moment', async () => {
    world.clusters.failure = new Error('no room')
    const session = await world.sessions.start('ada', 'tiny')
    await waitFor(() => session.state === 'failed')
    world.clusters.failure = undefined
    await Promise.all([session.retry(), session.retry()])
    await waitFor(() => session.state === 'ready')
    expect(world.clusters.asked.size).toBe(1)
    expect((await world.store.read(session.id)).filter(({ type }) => type === 'retried')).toHaveLength(1)
  })

  test('that failed is failed after a restart as well, and can be tried again', async () => {
    world.clusters.failure = new Error('no room')
    const { id } = await world.sessions.start('ada', 'tiny')
    await waitFor(() => world.sessions.find(id, 'ada')?.state === 'failed')
    await world.restart()
    const session = await world.sessions.get(id, 'ada')
    expect(session.view()).toMatchObject({ state: 'failed', problem: { phase: 'cluster' } })
    world.clusters.failure = undefined
    await session.retry()
    await waitFor(() => session.state === 'ready')
  })
})

describe('a session', () => {
  test('is the running one of its lab for whoever comes back, also at the same moment', async () => {
    const [first, second] = await Promise.all([
      world.sessions.start('ada', 'tiny'),
      world.sessions.start('ada', 'tiny'),
    ])
    expect(second).toBe(first)
    expect(await world.sessions.start('ada', 'tiny')).toBe(first)
    expect(await world.sessions.start('bob', 'tiny')).not.toBe(first)
  })

  test('of somebody else is as good as none', async () => {
    const session = await ready()
    await expect(world.sessions.get(session.id, 'bob')).rejects.toMatchObject({ code: 'SESSION_UNKNOWN', status: 404 })
    expect(world.sessions.find(session.id, 'bob')).toBeUndefined()
    // The question of a stranger has not put another in its place.
    expect(await world.sessions.get(session.id, 'ada')).toBe(session)
  })

  test('of a lab that does not exist cannot be started', async () => {
    for (const lab of ['nothing', '../tiny', ''])
      await expect(world.sessions.start('ada', lab)).rejects.toMatchObject({ code: 'LAB_UNKNOWN' })
  })

  test('stays with the lab as it was when it began', async () => {
    const session = await ready()
    await world.writeLab('tiny', { ...TINY_LAB, 'one.md': '# Other\n\n{{task first}}\n\n{{task second}}\n' })
    await world.restart()
    const again = await world.sessions.get(session.id, 'ada')
    expect(again.lab.steps[0]!.html).toContain('One')
    const next = await world.sessions.start('bob', 'tiny')
    expect(next.lab.steps[0]!.html).toContain('Other')
  })

  test('finished is over, keeps its points, and makes room for a new one', async () => {
    const session = await ready()
    await check(session, 'first')
    await session.finish('learner')
    expect(session.view()).toMatchObject({
      state: 'finished',
      points: { earned: 5, possible: 8 },
      finishedAt: expect.any(String),
    })
    await expect(session.check('first')).rejects.toMatchObject({ code: 'SESSION_OVER' })
    await expect(session.hint('first')).rejects.toMatchObject({ code: 'SESSION_OVER' })
    expect((await ready()).id).not.toBe(session.id)
  })

  test('finished keeps what was made on it until the lab is started again', async () => {
    const session = await ready()
    await session.finish('learner')
    expect([world.endedShells, [...world.clusters.clusters.keys()]]).toEqual([[], [session.claimedCluster]])
    expect(session.shell()).toBeDefined()
    const next = await ready()
    await waitFor(() => !session.held)
    expect([world.endedShells, [...world.clusters.clusters.keys()]]).toEqual([[session.id], [next.claimedCluster]])
    expect(() => session.shell()).toThrow('finished')
  })

  test('finished keeps it no longer than the time that it had', async () => {
    const session = await ready()
    await session.finish('learner')
    await world.clock.advance(Date.parse(session.view().endsAt) - world.clock.now())
    await waitFor(() => !session.held)
    expect([world.endedShells, world.clusters.clusters.size]).toEqual([[session.id], 0])
  })

  test('is finished once, by whoever is first', async () => {
    const session = await ready()
    await Promise.all([session.finish('learner'), session.finish('deadline')])
    const finished = (await world.store.read(session.id)).filter(({ type }) => type === 'finished')
    expect(finished).toMatchObject([{ by: 'learner' }])
  })

  test('deleted is gone, with its shells, files and cluster; its record stays', async () => {
    const session = await ready()
    await check(session, 'first')
    await session.delete()
    await expect(world.sessions.get(session.id, 'ada')).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' })
    expect([world.endedShells, [...world.workspaces.made], [...world.clusters.clusters]]).toEqual([
      [session.id],
      [],
      [],
    ])
    expect((await world.sessions.cards('ada'))[0]).toMatchObject({ points: { earned: 5 } })
  })

  test('ends at its deadline, unless it is extended', async () => {
    const session = await ready()
    const before = session.view().endsAt
    await session.extend()
    const { endsAt } = session.view()
    expect(Date.parse(endsAt) - Date.parse(before)).toBe(30 * 60_000)
    await world.clock.advance(Date.parse(before) - world.clock.now() + 1000)
    expect(session.state).toBe('ready')
    await world.clock.advance(30 * 60_000)
    await waitFor(() => !session.held)
    expect(session.view()).toMatchObject({ state: 'finished' })
    expect(world.clusters.clusters.size).toBe(0)
  })

  test('cannot be extended beyond a day', async () => {
    const session = await ready()
    while (session.view().extendable) await session.extend()
    await expect(session.extend()).rejects.toMatchObject({ code: 'SESSION_NOT_EXTENDABLE' })
    expect(Date.parse(session.view().endsAt) - world.clock.now()).toBe(24 * 3_600_000)
  })
})

describe('while the disk is full', () => {
  const full = () => Promise.reject(serverError('DISK_FULL', { folder: '/data' }))

  test('nothing is acknowledged, the page says why, and it passes with the next thing that is stored', async () => {
    const session = await ready()
    const append = world.store.append.bind(world.store)
    world.store.append = full
    for (const ask of [() => session.check('first'), () => session.hint('first'), () => session.finish('learner')])
      await expect(ask()).rejects.toMatchObject({ code: 'DISK_FULL', status: 507 })
    expect(session.view()).toMatchObject({
      state: 'ready',
      problem: { code: 'DISK_FULL' },
      tasks: [{ state: 'todo', hints: [] }, {}],
    })
    world.store.append = append
    expect(await check(session, 'first')).toMatchObject({ state: 'met' })
    expect(session.view()).not.toHaveProperty('problem')
  })

  test('a verdict waits for room and is not lost', async () => {
    const session = await ready()
    const append = world.store.append.bind(world.store)
    world.store.append = (attempt, after, events) =>
      events[0]!.type === 'verdict' ? full() : append(attempt, after, events)
    await session.check('first')
    await waitFor(() => session.view().problem?.code === 'DISK_FULL')
    expect(taskOf(session, 'first').state).toBe('checking')
    world.store.append = append
    await world.clock.advance(2000)
    await waitFor(() => taskOf(session, 'first').state === 'met')
  })

  test('a deadline is not missed: the session ends as soon as there is room', async () => {
    const session = await ready()
    const append = world.store.append.bind(world.store)
    let refused = 0
    world.store.append = () => ((refused += 1), full())
    await world.clock.advance(Date.parse(session.view().endsAt) - world.clock.now())
    await waitFor(() => refused === 1)
    await world.clock.advance(2000)
    await waitFor(() => refused === 2)
    expect([session.state, world.errors.length]).toEqual(['ready', 1])
    world.store.append = append
    await world.clock.advance(2000)
    await waitFor(() => session.state === 'finished')
  })

  test('preparing fails in a sentence and can be tried again', async () => {
    const append = world.store.append.bind(world.store)
    world.store.append = (attempt, after, events) =>
      events[0]!.type === 'started' ? append(attempt, after, events) : full()
    const session = await world.sessions.start('ada', 'tiny')
    await waitFor(() => session.state === 'failed')
    expect(session.view().problem).toMatchObject({ code: 'DISK_FULL' })
    // A cluster whose claim could not be stored would be nobody's.
    expect(world.clusters.clusters.size).toBe(0)
    world.store.append = append
    await session.retry()
    await waitFor(() => session.state === 'ready')
  })
})

describe('the learner', () => {
  test('is told of a verdict after it is on disk', async () => {
    const session = await ready()
    const events: SessionEvent[] = []
    const onDisk: number[] = []
    session.watch((event) => events.push(event))
    world.verdict = { state: 'unmet', code: 'none', reason: 'There is none.', evidence: [] }
    await check(session, 'first')
    onDisk.push((await world.store.read(session.id)).filter(({ type }) => type === 'verdict').length)
    expect(onDisk).toEqual([1])
    const states = events.flatMap((event) => (event.type === 'task' ? [event.task.state] : []))
    expect(states[0]).toBe('checking')
    expect(states.at(-1)).toBe('unmet')
    expect(taskOf(session, 'first')).toMatchObject({ reason: 'There is none.', code: 'none' })
  })

  test('gets hints one after the other and pays for them', async () => {
    const session = await ready()
    expect(await session.hint('first')).toEqual({ hints: ['free'], nextHintCost: 2 })
    expect(await session.hint('first')).toEqual({ hints: ['free', 'dear'] })
    await expect(session.hint('first')).rejects.toMatchObject({ code: 'NO_MORE_HINTS' })
    expect(await check(session, 'first')).toMatchObject({ earned: 3, hints: ['free', 'dear'] })
  })

  test('freezes a task by opening the page that takes its ground away', async () => {
    const session = await ready()
    await check(session, 'second')
    await session.openStep('two')
    expect(taskOf(session, 'second')).toMatchObject({ state: 'frozen', met: true, earned: 3 })
    await expect(session.check('second')).rejects.toMatchObject({ code: 'TASK_FROZEN' })
  })

  test.each<[string, (session: Session) => Promise<unknown>, string]>([
    ['a step', (session) => session.openStep('three'), 'STEP_UNKNOWN'],
    ['a task', (session) => session.check('third'), 'TASK_UNKNOWN'],
    ["a task's hint", (session) => session.hint('third'), 'TASK_UNKNOWN'],
    ['a file', (session) => session.saveFile('one', 'x'), 'FILE_UNKNOWN'],
  ])('who asks for %s that the lab does not have is told so', async (_, ask, code) => {
    await expect(ask(await ready())).rejects.toMatchObject({ code, status: 404 })
  })

  test('sees labs with what was done in them and where it goes on', async () => {
    await world.writeLab('broken', { 'lab.yaml': 'title: [' })
    const session = await ready()
    await check(session, 'first')
    expect(await world.sessions.cards('ada')).toMatchObject([
      {
        id: 'tiny',
        session: session.id,
        points: { earned: 5, possible: 8 },
        tasks: [
          { id: 'first', met: true },
          { id: 'second', met: false },
        ],
      },
    ])
    expect((await world.sessions.cards('bob'))[0]).not.toHaveProperty('session')
    // Once, however often they are listed.
    expect(world.errors).toHaveLength(1)
  })
})
