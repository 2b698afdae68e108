import { expect, test } from 'vitest'
import { freeNetwork, NETWORKS } from './addresses.ts'

test.each<[string, string[], string | undefined]>([
  ['an empty machine', [], '10.201.0.0/28'],
  ['networks of others', ['172.17.0.0/16', '192.168.0.0/20', 'fd00::/64'], '10.201.0.0/28'],
  ['the first one taken', ['10.201.0.0/28'], '10.201.0.16/28'],
  ['a gap', ['10.201.0.0/28', '10.201.0.32/28'], '10.201.0.16/28'],
  ['a smaller network inside one of ours', ['10.201.0.8/30'], '10.201.0.16/28'],
  ['a larger network over many of ours', ['10.201.0.0/24'], '10.201.1.0/28'],
  ['an address that is not the first of its network', ['10.201.0.5/28'], '10.201.0.16/28'],
  ['all taken', ['10.0.0.0/8'], undefined],
])('with %s', (_, inUse, expected) => {
  expect(freeNetwork(inUse)).toBe(expected)
})

test(`has room for ${NETWORKS} clusters`, () => {
  const inUse: string[] = []
  for (let index = 0; index < 300; index += 1) inUse.push(freeNetwork(inUse)!)
  expect(new Set(inUse).size).toBe(300)
  expect(inUse.at(-1)).toBe('10.201.18.176/28')
})
