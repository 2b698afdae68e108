import { describe, expect, test } from 'vitest'
import type { Lab, Task } from '../../protocol/lab.ts'
import type { VerdictState } from '../../protocol/verdict.ts'
import type { AttemptEvent, StoredEvent } from './events.ts'
import { pointsOf, progressOf, taskViews } from './progress.ts'

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  title: id,
  points: 10,
  when: 'now',
  check: { kind: 'verifier', verifier: 'x', with: {} },
  timeoutSeconds: 5,
  hints: [
    { text: 'first', cost: 0 },
    { text: 'second', cost: 4 },
    { text: 'third', cost: 8 },
  ],
  ...more,
})
const step = (id: string, tasks: string[]) => ({ id, title: id, html: '', commands: [], files: [], tasks })
const lab: Lab = {
  id: 'lab',
  title: 'Lab',
  summary: '',
  minutes: 10,
  version: '1',
  folder: '/lab',
  cluster: { istio: 'absent' },
  mirrors: [],
  setup: [],
  images: [],
  steps: [step('one', ['now', 'once']), step('two', ['ground']), step('end', [])],
  tasks: [task('now'), task('once', { when: 'once' }), task('ground', { until: 'end' })],
}
const verdict = (id: string, state: VerdictState): AttemptEvent => ({
  type: 'verdict',
  task: id,
  by: 'learner',
  verdict: { state, reason: `${state}!`, code: state, evidence: [], milliseconds: 1 },
})
const open = (id: string): AttemptEvent => ({ type: 'step', step: id })
const hint = (id: string, number: number): AttemptEvent => ({
  type: 'hint',
  task: id,
  hint: number,
  cost: lab.tasks[0]!.hints[number]!.cost,
})
const log = (events: AttemptEvent[]): StoredEvent[] =>
  events.map((event, index) => ({ ...event, sequence: index + 1, at: '2026-01-01T00:00:00.000Z' }))

describe('a task after these events', () => {
  test.each<[string, string, AttemptEvent[], string, number]>([
    ['nothing', 'now', [], 'todo', 0],
    ['met', 'now', [verdict('now', 'met')], 'met', 10],
    ['unmet', 'now', [verdict('now', 'unmet')], 'unmet', 0],
    ['met, then undone', 'now', [verdict('now', 'met'), verdict('now', 'unmet')], 'fallen', 0],
    [
      'fallen, then looked at again',
      'now',
      [verdict('now', 'met'), verdict('now', 'unmet'), verdict('now', 'unmet')],
      'fallen',
      0,
    ],
    ['fallen, then mended', 'now', [verdict('now', 'met'), verdict('now', 'unmet'), verdict('now', 'met')], 'met', 10],
    [
      'met, then a check that broke: it costs nothing',
      'now',
      [verdict('now', 'met'), verdict('now', 'broken')],
      'broken',
      10,
    ],
    [
      'a `once` task that happened and is undone',
      'once',
      [verdict('once', 'met'), verdict('once', 'unmet')],
      'met',
      10,
    ],
    [
      'met, then its ground goes',
      'ground',
      [verdict('ground', 'met'), open('end'), verdict('ground', 'unmet')],
      'frozen',
      10,
    ],
    ['never met, then its ground goes', 'ground', [open('end'), verdict('ground', 'met')], 'frozen', 0],
    ['a look ahead and back, then met', 'ground', [open('end'), open('two'), verdict('ground', 'met')], 'met', 10],
    [
      'met, frozen, paged back, ground gone',
      'ground',
      [verdict('ground', 'met'), open('end'), open('two'), verdict('ground', 'unmet')],
      'met',
      10,
    ],
    ['met with a free hint', 'now', [hint('now', 0), verdict('now', 'met')], 'met', 10],
    ['met with two hints', 'now', [hint('now', 0), hint('now', 1), verdict('now', 'met')], 'met', 6],
    [
      'met with more hints than points',
      'now',
      [hint('now', 0), hint('now', 1), hint('now', 2), verdict('now', 'met')],
      'met',
      0,
    ],
    [
      'a hint that was recorded twice costs once',
      'now',
      [hint('now', 0), hint('now', 1), hint('now', 1), verdict('now', 'met')],
      'met',
      6,
    ],
  ])('%s: %s', (_, id, events, state, earned) => {
    const view = taskViews(lab, progressOf(lab, log(events)), new Set()).find((candidate) => candidate.id === id)
    expect(view).toMatchObject({ state, earned })
  })
})

test('points are the sum over the tasks', () => {
  const progress = progressOf(lab, log([verdict('now', 'met'), verdict('once', 'met')]))
  expect(pointsOf(lab, progress)).toEqual({ earned: 20, possible: 30 })
})

test("hints are shown as far as they were asked for, with the next one's cost", () => {
  const [view] = taskViews(lab, progressOf(lab, log([hint('now', 0)])), new Set())
  expect(view).toMatchObject({ hints: ['first'], nextHintCost: 4, step: 'one' })
})

test('events of unknown tasks and kinds are passed over', () => {
  const events = [verdict('gone', 'met'), { type: 'from-the-future' } as unknown as AttemptEvent, open('nowhere')]
  expect(pointsOf(lab, progressOf(lab, log(events)))).toEqual({ earned: 0, possible: 30 })
})
