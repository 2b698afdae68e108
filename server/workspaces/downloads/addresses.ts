import { lookup } from 'node:dns/promises'
import { BlockList, isIPv6 } from 'node:net'
import os from 'node:os'

/** Private, shared, local and reserved networks (RFC 6890). */
const NEAR_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const
/** Only global unicast is public, without the ways from there into IPv4 (6to4 and Teredo). */
const GLOBAL_IPV6 = ['2000::', 3] as const
const NEAR_IPV6 = [
  ['2002::', 16],
  ['2001::', 32],
] as const

const near = new BlockList()
for (const [net, prefix] of NEAR_IPV4) near.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of NEAR_IPV6) near.addSubnet(net, prefix, 'ipv6')
const global = new BlockList()
global.addSubnet(...GLOBAL_IPV6, 'ipv6')

export function isPublic(address: string): boolean {
  if (!isIPv6(address)) return !near.check(address, 'ipv4')
  return global.check(address, 'ipv6') && !near.check(address, 'ipv6')
}

/**
 * An address of a host, to be connected to as it is: asked again, a name could lead elsewhere. This machine's own addresses are not
 * public, whatever they are: what listens there may trust it. @throws where none is public
 */
export async function publicAddress(host: string): Promise<string> {
  const own = new Set(Object.values(os.networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address)))
  const found = (await lookup(host, { all: true })).find(({ address }) => isPublic(address) && !own.has(address))
  if (found === undefined) throw new Error(`${host} is no public address`)
  return found.address
}
