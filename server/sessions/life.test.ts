import { expect, test } from 'vitest'
import { transition, type Life, type LifeEvent } from './life.ts'

const problem = { code: 'X', sentence: 'x' }
const states = {
  preparing: { state: 'preparing', done: ['cluster', 'tools'] },
  failed: { state: 'failed', done: ['cluster'], phase: 'tools', problem },
  recovering: { state: 'recovering', problem },
  ready: { state: 'ready' },
  finished: { state: 'finished' },
  deleted: { state: 'deleted' },
} satisfies Record<Life['state'], Life>
const events = {
  'phase-done': { type: 'phase-done', phase: 'setup' },
  'phase-failed': { type: 'phase-failed', phase: 'setup', problem },
  retried: { type: 'retried' },
  'cluster-away': { type: 'cluster-away', problem },
  'cluster-ready': { type: 'cluster-ready' },
  'cluster-gone': { type: 'cluster-gone', problem },
  reset: { type: 'reset' },
  finished: { type: 'finished' },
  deleted: { type: 'deleted' },
} satisfies Record<LifeEvent['type'], LifeEvent>

/** What changes; every pair that is not here leaves the state as it is. */
const changes: [keyof typeof states, keyof typeof events, Life][] = [
  ['preparing', 'phase-done', { state: 'ready' }],
  ['preparing', 'phase-failed', { state: 'failed', done: ['cluster', 'tools'], phase: 'setup', problem }],
  ['preparing', 'cluster-gone', { state: 'failed', done: [], phase: 'cluster', problem }],
  ['preparing', 'finished', { state: 'finished' }],
  ['preparing', 'deleted', { state: 'deleted' }],
  ['preparing', 'reset', { state: 'preparing', done: [] }],
  ['failed', 'reset', { state: 'preparing', done: [] }],
  ['recovering', 'reset', { state: 'preparing', done: [] }],
  ['ready', 'reset', { state: 'preparing', done: [] }],
  ['failed', 'retried', { state: 'preparing', done: ['cluster'] }],
  ['failed', 'finished', { state: 'finished' }],
  ['failed', 'deleted', { state: 'deleted' }],
  ['recovering', 'cluster-ready', { state: 'ready' }],
  ['recovering', 'cluster-gone', { state: 'failed', done: [], phase: 'cluster', problem }],
  ['recovering', 'finished', { state: 'finished' }],
  ['recovering', 'deleted', { state: 'deleted' }],
  ['recovering', 'cluster-away', { state: 'recovering', problem }],
  ['ready', 'cluster-away', { state: 'recovering', problem }],
  ['ready', 'cluster-gone', { state: 'failed', done: [], phase: 'cluster', problem }],
  ['ready', 'finished', { state: 'finished' }],
  ['ready', 'deleted', { state: 'deleted' }],
  ['finished', 'deleted', { state: 'deleted' }],
]
const pairs = Object.entries(states).flatMap(([name, life]) =>
  Object.entries(events).map(([type, event]) => {
    const change = changes.find(([state, eventType]) => state === name && eventType === type)
    return { name, type, life, event, after: change?.[2] ?? life }
  }),
)

test.each(pairs)('$name, on $type: $after.state', ({ life, event, after }) => {
  expect(transition(life, event)).toEqual(after)
})

test('a session is ready when all phases are done, in whatever order they end', () => {
  const life = (['setup', 'cluster', 'tools'] as const).reduce<Life>(
    (before, phase) => transition(before, { type: 'phase-done', phase }),
    { state: 'preparing', done: [] },
  )
  expect(life).toEqual({ state: 'ready' })
})
