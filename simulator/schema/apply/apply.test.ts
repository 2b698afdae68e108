import { expect, test } from 'vitest'
import { ApiError, type NewObject } from '../../kubernetes/index.ts'
import type { Tree } from '../tree.ts'
import { mergeShape, serverSideApply } from './index.ts'

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
