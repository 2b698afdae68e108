/**
 * The plan of clusters' networks: /28 networks out of one range, far from what engines hand out themselves. 4096 of them, where the
 * engine's own default plan ends at 31. Fourteen addresses each: gateway, up to a dozen nodes, a toolbox.
 */
export const RANGE = '10.201.0.0/16'
export const NETWORKS = 4096
const PREFIX_LENGTH = 28
const SIZE = 2 ** (32 - PREFIX_LENGTH)
const BASE = toNumber('10.201.0.0')

/** The lowest network of the plan that overlaps none of those in use; undefined when there is none. */
export function freeNetwork(inUse: readonly string[]): string | undefined {
  const taken = inUse.filter((subnet) => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(subnet)).map(rangeOf)
  for (let index = 0; index < NETWORKS; index += 1) {
    const first = BASE + index * SIZE
    const last = first + SIZE - 1
    if (!taken.some((other) => first <= other.last && other.first <= last)) return `${toText(first)}/${PREFIX_LENGTH}`
  }
  return undefined
}

function rangeOf(subnet: string): { first: number; last: number } {
  const [address = '', length = '32'] = subnet.split('/')
  const size = 2 ** (32 - Number(length))
  const first = Math.floor(toNumber(address) / size) * size
  return { first, last: first + size - 1 }
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
