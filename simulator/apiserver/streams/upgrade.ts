import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { badRequest } from '../../kubernetes/index.ts'
import type { Call } from '../http/call.ts'

/** Subprotocol of port-forward through a WebSocket: its messages carry a stream of SPDY frames. */
export const TUNNEL = 'SPDY/3.1+portforward.k8s.io'
const BEARER = 'base64url.bearer.authorization.k8s.io.'

export type Upgraded =
  | { kind: 'websocket'; socket: WebSocket; protocol: string }
  | { kind: 'spdy'; socket: Duplex; head: Buffer; protocol: string }

interface Offers {
  /** In order of preference. */
  webSocket: readonly string[]
  spdy: readonly string[]
}

/** Switches the connection to the protocol that client and server both like best; 400 when there is none. */
export async function upgrade(call: Call, offers: Offers): Promise<Upgraded> {
  const { request } = call
  const wanted = (request.headers.upgrade ?? '').toLowerCase()
  if (call.upgrade === undefined || wanted === '') throw badRequest('Upgrade request required')
  if (wanted === 'websocket') return acceptWebSocket(call, call.upgrade, offers.webSocket)
  if (wanted !== 'spdy/3.1') throw badRequest(`unable to upgrade: unknown protocol ${request.headers.upgrade}`)
  return acceptSpdy(call, call.upgrade, offers.spdy)
}

function list(header: string | string[] | undefined): string[] {
  return ([] as string[])
    .concat(header ?? [])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

function acceptWebSocket(
  call: Call,
  { socket, head }: NonNullable<Call['upgrade']>,
  offered: readonly string[],
): Promise<Upgraded> {
  const { request } = call
  const asked = list(request.headers['sec-websocket-protocol']).filter((protocol) => !protocol.startsWith(BEARER))
  const protocol = offered.find((each) => asked.includes(each)) ?? (asked.length === 0 ? '' : undefined)
  if (protocol === undefined)
    throw badRequest(
      `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${offered.join(' ')}]`,
    )
  // The library refuses a protocol name with a slash, so it never sees one: the answer's header is written here.
  delete request.headers['sec-websocket-protocol']
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  if (protocol !== '') server.on('headers', (headers: string[]) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (webSocket) =>
      resolve({ kind: 'websocket', socket: webSocket, protocol }),
    )
  })
}

async function acceptSpdy(
  call: Call,
  { socket, head }: NonNullable<Call['upgrade']>,
  offered: readonly string[],
): Promise<Upgraded> {
  const asked = list(call.request.headers['x-stream-protocol-version'])
  const protocol = offered.find((each) => asked.includes(each)) ?? (asked.length === 0 ? '' : undefined)
  if (protocol === undefined)
    throw badRequest(
      `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${offered.join(' ')}]`,
    )
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
  if (protocol !== '') lines.push(`X-Stream-Protocol-Version: ${protocol}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return { kind: 'spdy', socket, head, protocol }
}
