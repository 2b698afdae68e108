import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { namesOf, urlOf } from './addresses.ts'

const address = (family: 'IPv4' | 'IPv6', address: string, more: object = {}) =>
  ({ family, address, internal: false, ...more }) as NetworkInterfaceInfo
const interfaces = {
  lo: [address('IPv4', '127.0.0.1', { internal: true })],
  eth0: [
    address('IPv6', 'fe80::1', { scopeid: 2 }),
    address('IPv6', '2001:db8::1', { scopeid: 0 }),
    address('IPv4', '192.0.2.7'),
  ],
}

test('a server on one address is called by it alone', () => {
  expect(namesOf('192.0.2.7', interfaces, 'Box')).toEqual(['192.0.2.7'])
})

test.each(['0.0.0.0', '::'])('a server on %s is called by every address of the machine, and by its name', (host) => {
  expect(namesOf(host, interfaces, 'Box')).toEqual(['192.0.2.7', '2001:db8::1', '127.0.0.1', 'box'])
})

test('a machine without a network is called by loopback', () => {
  expect(namesOf('0.0.0.0', {}, 'box')[0]).toBe('127.0.0.1')
})

test('an IPv6 address stands in brackets', () => {
  expect([urlOf('::1', 80), urlOf('localhost', 7700)]).toEqual(['http://[::1]:80', 'http://localhost:7700'])
})
