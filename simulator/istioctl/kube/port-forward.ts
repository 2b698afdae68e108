import http from 'node:http'
import { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { CommandError } from '../command-line/io.ts'
import type { KubeClient } from './client.ts'

/** One connection to a pod's port through the API, on the WebSocket form of port-forward. */
export function forwardPort(
  client: KubeClient,
  pod: { namespace: string; name: string },
  port: number,
): Promise<Duplex> {
  const { server, ca, certificate, key, token, insecure } = client.connection
  const url = `${server.replace(/^http/, 'ws')}/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/portforward?ports=${port}`
  const socket = new WebSocket(url, 'v4.channel.k8s.io', {
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(streamOf(socket)))
    socket.on('error', (error) =>
      reject(new CommandError(`failure running port forward process: ${error.message}`, 1, error)),
    )
  })
}

/** Channel 0 carries data, channel 1 an error; the first message of each only repeats the port. */
function streamOf(socket: WebSocket): Duplex {
  const greeted = new Set<number>()
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) =>
      socket.send(Buffer.concat([Buffer.from([0]), chunk]), (error) => done(error ?? null)),
    final: (done) => done(),
    destroy: (error, done) => {
      socket.close()
      done(error)
    },
  })
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0
    const content = message.subarray(1)
    if (!greeted.has(channel)) greeted.add(channel)
    else if (channel === 0) stream.push(content)
    else stream.destroy(new CommandError(`failure running port forward process: ${content.toString()}`))
  })
  socket.on('close', () => stream.push(null))
  socket.on('error', (error) => stream.destroy(error))
  return stream
}

/** GET over a forwarded port: the pod's own answer. */
export async function getFromPod(
  client: KubeClient,
  pod: { namespace: string; name: string },
  port: number,
  path: string,
): Promise<{ status: number; body: string }> {
  const connection = await forwardPort(client, pod, port)
  return new Promise((resolve, reject) => {
    const request = http.request(
      { path, host: 'localhost', headers: { connection: 'close' }, createConnection: () => connection },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          connection.destroy()
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
        })
      },
    )
    const failed = (error: Error): void => {
      const known = error instanceof CommandError
      reject(
        known
          ? error
          : new CommandError(
              `failure running port forward process: Get "http://localhost:${port}${path}": EOF`,
              1,
              error,
            ),
      )
    }
    request.on('error', failed)
    connection.on('error', failed)
    request.end()
  })
}
