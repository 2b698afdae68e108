/** `http` also stands for http2 and grpc; `auto` is sniffed from the first bytes. */
export type PortProtocol = 'http' | 'tcp' | 'tls' | 'auto'

const PROTOCOLS: Record<string, PortProtocol> = {
  http: 'http',
  http2: 'http',
  grpc: 'http',
  'grpc-web': 'http',
  'kubernetes.io/h2c': 'http',
  'kubernetes.io/ws': 'http',
  https: 'tls',
  tls: 'tls',
  'kubernetes.io/wss': 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
  thrift: 'tcp',
  udp: 'tcp',
}

/** Servers of these ports speak first, so their protocol cannot be sniffed: SMTP, DNS, MySQL, MongoDB. */
const SERVER_FIRST_PORTS: readonly number[] = [25, 53, 3306, 27017]

/** appProtocol, else the port name up to its first dash, else sniffing. Source: pkg/config/kube/conversion.go `ConvertProtocol`. */
export function portProtocol(port: number, name: string, appProtocol?: string): PortProtocol {
  if (appProtocol !== undefined) {
    const known = PROTOCOLS[appProtocol.toLowerCase()]
    if (known !== undefined) return known
  }
  const lower = name.toLowerCase()
  const named = lower.startsWith('grpc-web') ? 'http' : PROTOCOLS[lower.split('-', 1)[0] ?? '']
  return named ?? (SERVER_FIRST_PORTS.includes(port) ? 'tcp' : 'auto')
}
