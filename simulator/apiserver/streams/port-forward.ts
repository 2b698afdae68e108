import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { badRequest, type Kubelet } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Call, Server } from '../http/call.ts'
import { targetPod } from './exec.ts'
import { serveSpdy, SpdyConnection, type SpdyStream } from './spdy-connection.ts'
import { TUNNEL, upgrade } from './upgrade.ts'

interface Target {
  kubelet: Kubelet
  namespace: string
  pod: string
  uid: string
}

/** Forwards connections to ports of a pod, in the three forms that clients speak. */
export async function portForward(server: Server, resource: ServedResource, call: Call): Promise<void> {
  const { pod, kubelet } = targetPod(server, resource, call)
  const { name, namespace = '', uid } = pod.metadata
  const target = { kubelet, namespace, pod: name, uid }
  const upgraded = await upgrade(call, {
    webSocket: [TUNNEL, 'v4.channel.k8s.io', 'portforward.k8s.io'],
    spdy: ['portforward.k8s.io'],
  })
  if (upgraded.kind === 'spdy') {
    const { socket, head } = upgraded
    const connection = forwarder(target, (bytes) => void (socket.writable && socket.write(bytes)))
    socket.on('close', () => connection.close())
    socket.on('error', () => connection.close())
    serveSpdy(socket, head, connection)
  } else if (upgraded.protocol === TUNNEL) {
    const { socket } = upgraded
    const connection = forwarder(target, (bytes) => void (socket.readyState === socket.OPEN && socket.send(bytes)))
    socket.on('message', (message: Buffer) => {
      try {
        connection.receive(message)
      } catch {
        socket.terminate()
      }
    })
    socket.on('close', () => connection.close())
    socket.on('error', () => connection.close())
  } else forwardChannels(target, upgraded.socket, portsOf(call))
}

/** A pair of streams (`error`, `data`) with the same request id is one connection. */
function forwarder(target: Target, send: (bytes: Buffer) => void): SpdyConnection {
  const errors = new Map<string, SpdyStream>()
  return new SpdyConnection(send, (stream) => {
    const id = stream.headers.get('requestid') ?? ''
    if (stream.headers.get('streamtype') === 'error') {
      errors.set(id, stream)
      return
    }
    const port = Number(stream.headers.get('port'))
    void connectStream(target, port, stream, errors.get(id)).finally(() => errors.delete(id))
  })
}

async function connectStream(
  target: Target,
  port: number,
  stream: SpdyStream,
  error: SpdyStream | undefined,
): Promise<void> {
  const early: Uint8Array[] = []
  let ended = false
  stream.onData = (bytes) => void early.push(bytes)
  stream.onEnd = () => void (ended = true)
  let connection: Duplex
  try {
    connection = await target.kubelet.connect(target, port)
  } catch (cause) {
    error?.write(Buffer.from(failure(target, port, cause)))
    error?.end()
    stream.end()
    return
  }
  error?.end()
  for (const bytes of early) connection.write(bytes)
  if (ended) connection.end()
  stream.onData = (bytes) => void connection.write(bytes)
  stream.onEnd = () => void connection.end()
  await new Promise<void>((resolve) => {
    connection.on('data', (bytes: Uint8Array) => stream.write(bytes))
    connection.on('end', () => stream.end())
    connection.on('error', () => stream.reset())
    connection.on('close', () => resolve())
  })
}

function failure({ namespace, pod, uid }: Target, port: number, cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause)
  return `error forwarding port ${port} to pod ${pod}_${namespace}, uid ${uid}: ${why}`
}

function portsOf({ query }: Call): number[] {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number)
  if (ports.length === 0 || ports.some((port) => !(port > 0 && port < 65536)))
    throw badRequest('query parameter "ports" is required')
  return ports
}

/** The older form: channel 2n carries data of the nth port, 2n+1 its errors; the first message of each names the port. */
function forwardChannels(target: Target, socket: WebSocket, ports: readonly number[]): void {
  const send = (channel: number, bytes: Uint8Array): void => {
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([channel]), bytes]))
  }
  const connections = ports.map(async (port, index) => {
    const name = Buffer.alloc(2)
    name.writeUInt16LE(port)
    send(index * 2, name)
    send(index * 2 + 1, name)
    try {
      const connection = await target.kubelet.connect(target, port)
      connection.on('data', (bytes: Uint8Array) => send(index * 2, bytes))
      connection.on('close', () => socket.close())
      connection.on('error', () => socket.close())
      return connection
    } catch (cause) {
      send(index * 2 + 1, Buffer.from(failure(target, port, cause)))
      socket.close()
      return undefined
    }
  })
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0
    if (channel % 2 === 0) void connections[channel / 2]?.then((connection) => connection?.write(message.subarray(1)))
  })
  socket.on('close', () => {
    for (const connection of connections) void connection.then((each) => each?.destroy())
  })
  socket.on('error', () => socket.close())
}
