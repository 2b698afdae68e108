import os from 'node:os'

const EVERY_ADDRESS = new Set(['0.0.0.0', '::'])

/**
 * The names and addresses that mean this machine when a server listens on `host`; the first is the one for a link. A server that
 * listens on every address is asked by any of them, and by the machine's name.
 */
export function namesOf(host: string, interfaces = os.networkInterfaces(), hostname = os.hostname()): string[] {
  if (!EVERY_ADDRESS.has(host)) return [host]
  const addresses = Object.values(interfaces).flatMap((one = []) =>
    one.filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0),
  )
  const ofFamily = (family: string) => addresses.filter((one) => one.family === family).map(({ address }) => address)
  return [...ofFamily('IPv4'), ...ofFamily('IPv6'), '127.0.0.1', hostname.toLowerCase()]
}

/** `http://HOST:PORT`, with the brackets that an IPv6 address needs. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
