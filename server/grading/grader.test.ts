import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Lab } from '../../protocol/lab.ts'
import type { VerdictState } from '../../protocol/verdict.ts'
import { ManualClock } from '../../protocol/clock.ts'
import { progressOf, type AttemptEvent, type StoredEvent } from '../store/index.ts'
import { Grader } from './grader.ts'
import { labOf } from './testing.ts'

const lab: Lab = labOf([
  { id: 'pods', watches: ['pods'] },
  { id: 'any' },
  { id: 'later', step: 'two', watches: ['pods'] },
  { id: 'once', when: 'once', watches: ['pods'] },
  { id: 'ground', watches: ['pods'], until: 'end' },
])

let clock: ManualClock
let events: StoredEvent[]
let runs: {
  task: string
  patience: number
  finish: (state: VerdictState, reason?: string) => Promise<void>
  signal: AbortSignal
}[]
let checking: string[]
let grader: Grader
let diskIsFull: boolean
let logged: unknown[]

beforeEach(() => {
  clock = new ManualClock()
  events = []
  runs = []
  checking = []
  diskIsFull = false
  logged = []
  grader = new Grader({
    lab,
    clock,
    progress: () => progressOf(lab, events),
    check: (task, patience, signal) =>
      new Promise((resolve) => {
        const finish = async (state: VerdictState, reason: string = state) => {
          resolve({ state, reason, code: state, evidence: [], milliseconds: 1 })
          await clock.advance(0)
        }
        signal.addEventListener('abort', () => void finish('broken'))
        runs.push({ task: task.id, patience, finish, signal })
      }),
    record: async (event: AttemptEvent) => {
      if (diskIsFull) throw new Error('full')
      events.push({ ...event, sequence: events.length + 1, at: '' })
    },
    log: (error) => void logged.push(error),
    onChecking: (now) => (checking = [...now]),
  })
  grader.resume(false)
})
afterEach(() => grader[Symbol.asyncDispose]())

const started = () => runs.map(({ task }) => task)
const verdicts = () =>
  events.flatMap((event) => (event.type === 'verdict' ? [`${event.task} ${event.verdict.state}`] : []))
const open = (step: string) => events.push({ type: 'step', step, sequence: events.length + 1, at: '' })
async function decided(task: string, state: VerdictState) {
  await grader.ask(task)
  await runs.at(-1)!.finish(state)
  runs.length = 0
}

describe('on request', () => {
  test('a check is on disk as asked before it runs, and its verdict before it is done', async () => {
    await grader.ask('pods')
    expect(events).toMatchObject([{ type: 'asked', task: 'pods', by: 'learner' }])
    expect(checking).toEqual(['pods'])
    await runs[0]!.finish('unmet')
    expect(verdicts()).toEqual(['pods unmet'])
    expect(checking).toEqual([])
  })

  test('it waits a little for the condition, but not so long that it feels like no answer', async () => {
    await grader.ask('pods')
    expect(runs[0]!.patience).toBe(3000)
  })

  test('nothing is being checked any more when the session is over, also what never ran', async () => {
    for (const task of ['pods', 'any', 'once']) await grader.ask(task)
    expect(checking).toEqual(['pods', 'any', 'once'])
    await grader[Symbol.asyncDispose]()
    expect(checking).toEqual([])
  })

  test('asking again while it runs is one run', async () => {
    await Promise.all([grader.ask('pods'), grader.ask('pods')])
    expect(started()).toEqual(['pods'])
  })

  test('it takes the place of a run that a change asked for', async () => {
    grader.changed('services')
    grader.changed('pods')
    await clock.advance(200)
    expect(started()).toEqual(['pods', 'any'])
    await grader.ask('ground')
    await clock.advance(0)
    expect(started()).toEqual(['pods', 'any', 'ground'])
    expect(runs[0]!.signal.aborted).toBe(true)
  })

  test('when that could not be stored nothing runs', async () => {
    diskIsFull = true
    await expect(grader.ask('pods')).rejects.toThrow('full')
    expect(started()).toEqual([])
    expect(checking).toEqual([])
  })

  test('a verdict waits for room on the disk and is not lost', async () => {
    await grader.ask('pods')
    diskIsFull = true
    await runs[0]!.finish('met')
    expect(verdicts()).toEqual([])
    diskIsFull = false
    await clock.advance(2000)
    expect(verdicts()).toEqual(['pods met'])
  })
})

describe('after a change', () => {
  test('tasks that watch it run a moment later, in the order of the text, two at a time', async () => {
    open('one')
    grader.changed('pods')
    await clock.advance(149)
    expect(started()).toEqual([])
    await clock.advance(1)
    expect(started()).toEqual(['pods', 'any'])
    await runs[0]!.finish('unmet')
    expect(started()).toEqual(['pods', 'any', 'once'])
  })

  test('tasks of later steps run last', async () => {
    open('one')
    grader.changed('pods')
    await clock.advance(150)
    for (let index = 0; index < 5; index += 1) await runs[index]!.finish('unmet')
    expect(started()).toEqual(['pods', 'any', 'once', 'ground', 'later'])
  })

  test('a resource that nobody watches, and noise, run nothing but tasks without a list', async () => {
    grader.changed('events')
    grader.changed('leases.coordination.k8s.io')
    await clock.advance(1000)
    expect(started()).toEqual([])
    grader.changed('services')
    await clock.advance(1000)
    expect(started()).toEqual(['any'])
  })

  test('a storm of changes is one run, and one more for what came meanwhile', async () => {
    for (let index = 0; index < 100; index += 1) grader.changed('services')
    await clock.advance(200)
    for (let index = 0; index < 100; index += 1) grader.changed('services')
    await clock.advance(200)
    expect(started()).toEqual(['any'])
    await runs[0]!.finish('unmet')
    await clock.advance(1000)
    expect(started()).toEqual(['any', 'any'])
  })

  test('a storm does not put a run off', async () => {
    for (let index = 0; index < 20; index += 1) {
      grader.changed('services')
      await clock.advance(10)
    }
    expect(started()).toEqual(['any'])
  })

  test('after a long run there is a rest, of a second at most', async () => {
    grader.changed('services')
    await clock.advance(150)
    grader.changed('services')
    await clock.advance(10_000)
    await runs[0]!.finish('unmet')
    await clock.advance(900)
    expect(started()).toEqual(['any'])
    await clock.advance(150)
    expect(started()).toEqual(['any', 'any'])
  })

  test.each<[string, VerdictState[], string[]]>([
    ['a repetition is not kept', ['unmet', 'unmet'], ['any unmet']],
    ['a failure of the check itself is not kept', ['broken'], []],
    ['a task that falls back is kept', ['met', 'unmet'], ['any met', 'any unmet']],
  ])('%s', async (_, states, kept) => {
    open('one')
    for (const state of states) {
      grader.changed('services')
      await clock.advance(2000)
      await runs.at(-1)!.finish(state)
    }
    expect(verdicts()).toEqual(kept)
  })

  test('nothing is held against a task that the learner has not come to; meeting it counts', async () => {
    open('one')
    grader.changed('pods')
    await clock.advance(150)
    for (let index = 0; index < 5; index += 1) await runs[index]!.finish(runs[index]!.task === 'pods' ? 'met' : 'unmet')
    expect(verdicts()).not.toContain('later unmet')
    grader.changed('pods')
    await clock.advance(2000)
    for (let index = 5; index < 10; index += 1) await runs[index]!.finish('met')
    expect(verdicts()).toContain('later met')
  })

  test('a `once` task that happened and a frozen task are left alone', async () => {
    await decided('once', 'met')
    open('end')
    grader.changed('pods')
    await clock.advance(5000)
    for (const run of runs.slice()) await run.finish('unmet')
    await clock.advance(5000)
    expect(started()).not.toContain('once')
    expect(started()).not.toContain('ground')
  })
})

describe('while the cluster is away', () => {
  test('changes are missed, so what the learner works at is looked at again', async () => {
    open('two')
    grader.pause()
    grader.resume(true)
    await clock.advance(150)
    for (let index = 0; index < 5; index += 1) await runs[index]!.finish('unmet')
    expect(started()).toEqual(['pods', 'any', 'later', 'once', 'ground'])
  })

  test('nothing runs; when it is back, what was decided before is looked at again', async () => {
    await decided('pods', 'met')
    grader.pause()
    grader.changed('services')
    await clock.advance(5000)
    expect(started()).toEqual([])
    grader.resume(true)
    await clock.advance(150)
    expect(started().sort()).toEqual(['any', 'pods'])
  })
})
