import { expect, test } from 'vitest'
import { parseRoute, sessionHash } from './route.ts'

test.each([
  ['', { page: 'start' }],
  ['#/', { page: 'start' }],
  ['#code=a-B_9', { page: 'login', code: 'a-B_9' }],
  ['#/sessions/s1', { page: 'session', id: 's1' }],
  [sessionHash('s1', 'strict-mtls'), { page: 'session', id: 's1', step: 'strict-mtls' }],
  ['#/sessions/../x', { page: 'start' }],
])('%s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
})
