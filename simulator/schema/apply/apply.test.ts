import { expect, test } from 'vitest'
import { ApiError, type NewObject } from '../../kubernetes/index.ts'
import type { Tree } from '../tree.ts'
import { emptyObject, mergeShape, serverSideApply, trackUpdate } from './index.ts'

const shape = mergeShape('v1', 'ConfigMap')
if (shape === undefined) throw new Error('no ConfigMap')
const write = { shape, apiVersion: 'v1', now: '2026-01-01T00:00:00Z', force: false }
const config = (data: Record<string, string>, more: Tree = {}): NewObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...more },
  data,
})

function refusal(run: () => unknown): ApiError['status'] {
  try {
    run()
  } catch (error) {
    if (error instanceof ApiError) return error.status
    throw error
  }
  throw new Error('was not refused')
}

test('several conflicts are told by manager', () => {
  const first = serverSideApply({
    ...write,
    live: undefined,
    applied: config({ a: '1', b: '1' }),
    manager: 'one',
  }).object
  const live = serverSideApply({ ...write, live: first, applied: config({ c: '1' }), manager: 'two' }).object
  const status = refusal(() =>
    serverSideApply({ ...write, live, applied: config({ a: '2', b: '2', c: '2' }), manager: 'x' }),
  )
  expect(status.message).toBe(
    'Apply failed with 3 conflicts: conflicts with "one":\n- .data.a\n- .data.b\nconflicts with "two":\n- .data.c',
  )
  expect(status.details?.causes).toHaveLength(3)
})

test('unknown fields and repeated items are refused, whatever field validation says', () => {
  const ghost = refusal(() =>
    serverSideApply({ ...write, live: undefined, applied: { ...config({}), ghost: 1 }, manager: 'x' }),
  )
  expect(ghost).toMatchObject({
    code: 500,
    message: 'failed to create typed patch object (/c; v1, Kind=ConfigMap): .ghost: field not declared in schema',
  })
  const twice = config({}, { finalizers: ['a/b', 'a/b'] })
  expect(refusal(() => serverSideApply({ ...write, live: undefined, applied: twice, manager: 'x' })).message).toBe(
    'failed to create typed patch object (/c; v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="a/b"]',
  )
})

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** As `kubectl apply` without `--server-side` leaves an object. */
function appliedByClient(data: Record<string, string>): NewObject {
  const text = JSON.stringify(config(data))
  const object = config(data, { annotations: { [annotation]: text } })
  return trackUpdate({
    ...write,
    manager: 'kubectl-client-side-apply',
    before: emptyObject('v1', 'ConfigMap'),
    after: object,
    created: true,
  })
}

test('kubectl may go over to server-side apply without force, and its annotation follows', () => {
  const live = appliedByClient({ a: '1', b: '1' })
  const { object } = serverSideApply({ ...write, live, applied: config({ a: '2', b: '1' }), manager: 'kubectl' })
  expect(object['data']).toEqual({ a: '2', b: '1' })
  expect(object.metadata.annotations?.[annotation]).toBe(
    '{"apiVersion":"v1","data":{"a":"2","b":"1"},"kind":"ConfigMap","metadata":{"name":"c"}}\n',
  )
})

test('what somebody changed since kubectl applied it stays a conflict; to other managers all of it is', () => {
  const live = trackUpdate({
    ...write,
    manager: 'someone',
    before: appliedByClient({ a: '1' }),
    after: { ...appliedByClient({ a: '1' }), data: { a: '3' } },
  })
  const apply = (manager: string, before: NewObject) => () =>
    serverSideApply({ ...write, live: before, applied: config({ a: '2' }), manager })
  expect(refusal(apply('kubectl', live)).message).toBe(
    'Apply failed with 1 conflict: conflict with "someone" using v1: .data.a',
  )
  expect(refusal(apply('other', appliedByClient({ a: '1' }))).message).toBe(
    'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.a',
  )
})

test.each([
  ['Deployment', { replicas: 'x' }, '.spec.replicas: expected numeric (int or float), got string'],
  ['Deployment', { paused: 'yes' }, '.spec.paused: expected boolean, got &{yes}'],
  [
    'Deployment',
    { template: { spec: { containers: {} } } },
    '.spec.template.spec.containers: expected list, got &{map[]}',
  ],
  ['Deployment', { selector: 'a' }, '.spec.selector: expected map, got &{a}'],
  [
    'Deployment',
    { template: { spec: { containers: [{ name: 'c', env: [{ name: 'A', value: 1 }] }] } } },
    '.spec.template.spec.containers[name="c"].env[name="A"].value: expected string, got &value.valueUnstructured{Value:1}',
  ],
])('a %s with spec %j is refused', (kind, spec, why) => {
  const applied = { apiVersion: 'apps/v1', kind, metadata: { name: 'd', namespace: 'n' }, spec }
  const request = { ...write, shape: mergeShape('apps/v1', kind)!, apiVersion: 'apps/v1', live: undefined, applied }
  expect(refusal(() => serverSideApply({ ...request, manager: 'x' })).message).toBe(
    `failed to create typed patch object (n/d; apps/v1, Kind=${kind}): ${why}`,
  )
})

test('quantities, ports and times are taken in every form that they are read in', () => {
  const container = {
    name: 'c',
    resources: { limits: { cpu: 1, memory: '1Gi' } },
    livenessProbe: { httpGet: { port: 80 } },
  }
  const applied = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } }
  const request = { ...write, shape: mergeShape('v1', 'Pod')!, live: undefined, applied, manager: 'x' }
  expect(serverSideApply(request).object['spec']).toEqual(applied.spec)
})
