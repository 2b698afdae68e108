import { expect, test } from 'vitest'
import { isPublic, publicAddress } from './addresses.ts'

test.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1:248:1893:25c8:1946', true],
  ['127.0.0.1', false],
  ['0.0.0.0', false],
  ['10.201.0.2', false],
  ['172.17.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.100.100.200', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['fd00:ec2::254', false],
  ['fe80::1', false],
  ['2002:7f00:1::', false],
])('%s is public: %s', (address, wanted) => {
  expect(isPublic(address)).toBe(wanted)
})

test('a name of this machine leads nowhere', async () => {
  await expect(publicAddress('localhost')).rejects.toThrow('no public address')
})
