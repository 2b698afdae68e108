import { expect, test } from 'vitest'
import { covers, grantOf, mirrorsHost } from './grants.ts'

const grant = { secret: 'abc', mirrors: [{ url: 'https://istio.io/downloadIstio', mirror: 'istio' }] }
const grants = new Map([['s1', grant]])
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test.each([
  ['its own session and secret', basic('s1:abc'), grant],
  ['another secret', basic('s1:abd'), undefined],
  ['another session', basic('s2:abc'), undefined],
  ['no header', undefined, undefined],
  ['something else', 'Bearer x', undefined],
])('proof of a session: %s', (_, header, wanted) => {
  expect(grantOf(header, grants)).toBe(wanted)
})

test.each([
  ['https://istio.io/downloadIstio', 'https://istio.io/downloadIstio', true],
  ['https://istio.io/downloadIstio', 'https://istio.io/downloadIstio?x=1', true],
  ['https://istio.io/downloadIstio', 'https://istio.io/downloadIstioctl', false],
  [
    'https://github.com/istio/istio/releases/',
    'https://github.com/istio/istio/releases/download/1.31.0/a.tar.gz',
    true,
  ],
  ['https://github.com/*/releases/*.tar.gz', 'https://github.com/istio/istio/releases/download/a.tar.gz', true],
  ['https://github.com/istio/istio/releases/', 'https://github.com/other', false],
])('%s covers %s: %s', (pattern, url, wanted) => {
  expect(covers(pattern, url)).toBe(wanted)
})

test('a host is mirrored by any of its addresses', () => {
  expect([mirrorsHost(grant, 'istio.io'), mirrorsHost(grant, 'github.com')]).toEqual([true, false])
})
