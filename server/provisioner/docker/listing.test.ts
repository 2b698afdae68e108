import { expect, test } from 'vitest'
import { kindsReason } from './docker-engine.ts'
import { ownedOf } from './listing.ts'

const line = (more: object) =>
  `${JSON.stringify({ ID: '1', Labels: '', CreatedAt: '2026-11-24 10:21:12 +0000 UTC', ...more })}\n`
const createdAt = Date.UTC(2026, 10, 24, 10, 21, 12)

test('a node of ours is known by the label of kind', () => {
  const listing =
    line({ Names: 'lw-1a2b3c-one-control-plane', Labels: 'a=b,io.x-k8s.kind.cluster=lw-1a2b3c-one', State: 'paused' }) +
    line({ Names: 'kind-control-plane', Labels: 'io.x-k8s.kind.cluster=kind', State: 'running' }) +
    line({ Names: 'lw-ffffff-one-control-plane', Labels: 'io.x-k8s.kind.cluster=lw-ffffff-one', State: 'running' })
  expect(ownedOf(listing, 'container', '1a2b3c')).toEqual([
    { kind: 'node', name: 'lw-1a2b3c-one-control-plane', cluster: 'lw-1a2b3c-one', createdAt, state: 'paused' },
  ])
})

test.each([
  ['2026-11-24 11:21:12 +0100 CET', createdAt],
  ['2026-11-24 10:21:12.282428875 +0000 UTC', createdAt + 282],
  ['yesterday', 0],
])('a network made at %s', (CreatedAt, time) => {
  const listing = line({ Name: 'lw-1a2b3c-one', Labels: 'labwright.cluster=lw-1a2b3c-one', CreatedAt })
  expect(ownedOf(listing, 'network', '1a2b3c')).toMatchObject([{ kind: 'network', createdAt: time, state: 'running' }])
})

test.each([
  [
    'ERROR: failed to create cluster: could not find a log line\nStack Trace:\nmain.main\n',
    'failed to create cluster: could not find a log line',
  ],
  ['Creating cluster "a" ...\nsomething else.\n\n', 'something else'],
  ['', 'it said nothing'],
])('what kind said, %j, is given in one line', (said, reason) => {
  expect(kindsReason(said)).toBe(reason)
})
