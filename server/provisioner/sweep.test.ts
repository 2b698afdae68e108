import { expect, test } from 'vitest'
import type { Intent } from '../../protocol/provisioner.ts'
import type { OwnedObject } from './engine.ts'
import { GRACE_MILLISECONDS, planSweep } from './sweep.ts'

const NOW = 10_000_000
const name = (id: string) => ({ name: `lw-x-${id}`, installation: 'x', id })
const object = (kind: OwnedObject['kind'], cluster: string, more: Partial<OwnedObject> = {}): OwnedObject => ({
  kind,
  name: kind === 'node' ? `${cluster}-control-plane` : cluster,
  cluster,
  createdAt: NOW - 2 * GRACE_MILLISECONDS,
  state: 'running',
  ...more,
})
const whole = (state: OwnedObject['state'] = 'running') => [
  object('network', 'lw-x-a'),
  object('node', 'lw-x-a', { state }),
]

function plan(intent: Intent | undefined, owned: OwnedObject[], busy: string[] = []) {
  const intents = intent === undefined ? [] : [{ id: 'a', installation: 'x', intent, createdAt: 0 }]
  return planSweep({ intents, owned, name, busy: new Set(busy), now: NOW }).map(({ action }) => action)
}

test.each<[string, Intent | undefined, OwnedObject[], string[]]>([
  ['a whole cluster that is meant to be stays', 'ready', whole(), []],
  ['a paused one that is meant to be paused stays', 'paused', whole('paused'), []],
  ['a paused one that is meant to run is started', 'ready', whole('paused'), ['start']],
  ['a running one that is meant to be paused is paused', 'paused', whole(), ['start']],
  ['one whose nodes stand still is started', 'ready', whole('stopped'), ['start']],
  [
    'one whose toolbox stands still is started',
    'ready',
    [...whole(), object('container', 'lw-x-a', { state: 'stopped' })],
    ['start'],
  ],
  ['one whose nodes are gone is forgotten', 'ready', [object('network', 'lw-x-a')], ['forget']],
  ['one that was never finished is deleted', 'creating', whole(), ['delete']],
  ['one that was never begun is deleted', 'creating', [], ['delete']],
  ['a deletion is finished', 'deleting', [object('network', 'lw-x-a')], ['finish-delete']],
  ['a deletion of which only the record is left is finished', 'deleting', [], ['finish-delete']],
  ['a reset is finished', 'resetting', whole(), ['finish-reset']],
  ['an object without an intent is deleted', undefined, whole(), ['delete']],
  [
    'a young object without an intent is left alone',
    undefined,
    [object('network', 'lw-x-a'), object('node', 'lw-x-a', { createdAt: NOW - 1000 })],
    [],
  ],
])('%s', (_, intent, owned, actions) => {
  expect(plan(intent, owned)).toEqual(actions)
})

test('what is being worked at is left alone', () => {
  expect(plan('creating', whole(), ['a'])).toEqual([])
})

test('says why, and what there is', () => {
  const intents = [{ id: 'a', installation: 'x', intent: 'creating' as const, createdAt: 0 }]
  expect(planSweep({ intents, owned: whole(), name, busy: new Set(), now: NOW })).toEqual([
    {
      action: 'delete',
      cluster: 'lw-x-a',
      reason: 'whoever made it died before it was ready',
      objects: ['network lw-x-a', 'node lw-x-a-control-plane'],
    },
  ])
})
