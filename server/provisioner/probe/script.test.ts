import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { ProbeRequest } from '../../../protocol/probe.ts'
import { curlConfig } from './curl.ts'
import { probeScript } from './script.ts'

const from = { kind: 'workload', namespace: 'a', workload: 'b' } as const
const UID = '9abf9277-0ff6-4db4-b99c-8a4a833849c1'
const config = (more: Partial<ProbeRequest>) => curlConfig({ from, url: 'http://web/', ...more }).split('\n')

test.each<[string, Partial<ProbeRequest>, string]>([
  ['an address', { url: 'http://web:8080/a?b="c"' }, 'url = "http://web:8080/a?b=\\"c\\""'],
  ['a method', { method: 'DELETE' }, 'request = "DELETE"'],
  ['HEAD', { method: 'HEAD' }, 'head'],
  ['a time limit', { timeoutMilliseconds: 1500 }, 'max-time = "1.500"'],
  ['a header', { headers: { host: 'shop.example' } }, 'header = "host: shop.example"'],
  ['an empty header', { headers: { 'x-a': '' } }, 'header = "x-a;"'],
  [
    'a header that tries to say more',
    { headers: { 'x-a': '1"\nurl = "http://evil/' } },
    'header = "x-a: 1\\"\\nurl = \\"http://evil/"',
  ],
  ['a connection of its own', {}, 'header = "Connection: close"'],
  ['a body, of no type', { body: '@/etc/passwd', method: 'POST' }, 'data-binary = "@payload"'],
])('curl is told %s', (_, request, line) => {
  expect(config(request)).toContain(line)
})

test('a connection of its own is not asked for twice', () => {
  expect(config({ headers: { connection: 'keep-alive' } }).filter((line) => /connection/i.test(line))).toEqual([
    'header = "connection: keep-alive"',
  ])
})

test.each<[string, Partial<ProbeRequest>]>([
  ['a quote in the address', { url: "http://web/'$(touch /tmp/forged)'" }],
  ['a body that ends the document', { body: 'payload\ntouch /tmp/forged\n' }],
  ['a header with a command', { headers: { 'x-a': '`touch /tmp/forged`' } }],
  ['many at once, with pauses', { count: 10, concurrency: 3, intervalMilliseconds: 10 }],
])('the script is one that bash can read, with %s', (_, request) => {
  const script = probeScript({ from, url: 'http://web/', ...request }, UID)
  expect(() => execFileSync('bash', ['-n'], { input: script, stdio: 'pipe' })).not.toThrow()
  expect(script).not.toContain('touch /tmp/forged')
})
