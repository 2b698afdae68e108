/** Pod addresses of a cluster: 10.244.0.0/16, given out in order, so that equal runs see equal addresses. */

/** The one node of a cluster, where the API server listens too, as in a cluster of kind. */
export const nodeAddress = '172.18.0.2'
export const apiServerPort = 6443

const firstHost = 2
const lastHost = 65_534

/** Hands out pod IPs; one that is released is not given again before the range has been walked through. */
export class PodAddresses {
  #next = firstHost
  readonly #taken = new Set<string>()

  /** The wanted address when it is free (a pod that was there before a restart keeps its own), else the next one. */
  take(wanted?: string): string {
    if (wanted !== undefined && !this.#taken.has(wanted)) {
      this.#taken.add(wanted)
      return wanted
    }
    for (let tries = 0; tries < lastHost; tries++) {
      const host = this.#next
      this.#next = host === lastHost ? firstHost : host + 1
      const ip = `10.244.${host >> 8}.${host & 255}`
      const isNetworkOrBroadcast = (host & 255) === 0 || (host & 255) === 255
      if (isNetworkOrBroadcast || this.#taken.has(ip)) continue
      this.#taken.add(ip)
      return ip
    }
    throw new Error('All pod addresses of 10.244.0.0/16 are in use. Delete some pods.')
  }

  release(ip: string): void {
    this.#taken.delete(ip)
  }
}

export function isIp(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text)
}

export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.')
}

function toNumber(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Whether an IPv4 address lies in a block: `10.0.0.0/8`. */
export function inBlock(ip: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  if (!isIp(ip) || !isIp(base)) return false
  const size = 2 ** (32 - Number(bits))
  return Math.floor(toNumber(ip) / size) === Math.floor(toNumber(base) / size)
}
