import { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Credentials } from '../identity/credentials.ts'
import type { Server } from './call.ts'
import { handle } from './handle.ts'

export interface Listening extends AsyncDisposable {
  port: number
}

/** Serves a cluster on loopback. Rejects with the system's error (EADDRINUSE) when the port is taken. */
export async function listen(server: Server, credentials: Credentials, port: number): Promise<Listening> {
  const { authority, server: own } = credentials
  const https = createServer(
    {
      key: own.key,
      cert: own.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
      keepAliveTimeout: 120_000,
    },
    (request, response) => void handle(server, request, response),
  )
  https.on('upgrade', (request, socket, head) => {
    // A refusal is an ordinary answer on the same connection.
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as Socket)
    response.on('finish', () => socket.end())
    socket.on('error', () => socket.destroy())
    void handle(server, request, response, { socket, head })
  })
  const sockets = new Set<{ destroy(): void }>()
  https.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    https.once('error', reject)
    https.listen(port, '127.0.0.1', () => {
      https.off('error', reject)
      resolve()
    })
  })
  return {
    port: (https.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => https.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
