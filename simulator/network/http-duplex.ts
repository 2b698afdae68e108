import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { answering } from '../programs/http-server.ts'
import type { HttpHandler } from '../programs/program.ts'

/** Speaks HTTP/1.1 on a connection of bytes and hands each request to a program: what stands behind port-forward. */
export function serveHttpOn(connection: Duplex, port: number, handler: HttpHandler): void {
  const server = createServer(answering(port, handler))
  // A forwarded connection ends with its client, not with a timer of ours.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.headersTimeout = 0
  connection.on('error', () => connection.destroy())
  server.emit('connection', connection)
}
