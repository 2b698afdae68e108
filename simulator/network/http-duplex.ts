import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Headers } from '../kubernetes/index.ts'
import type { HttpHandler } from '../programs/program.ts'

/** Speaks HTTP/1.1 on a connection of bytes and hands each request to a program: what stands behind port-forward. */
export function serveHttpOn(connection: Duplex, port: number, handler: HttpHandler): void {
  const server = createServer((request, response) => {
    answer(request, response, port, handler).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })
  // A forwarded connection ends with its client, not with a timer of ours.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.headersTimeout = 0
  connection.on('error', () => connection.destroy())
  server.emit('connection', connection)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  handler: HttpHandler,
): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const headers: Headers = []
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    headers.push([request.rawHeaders[i]?.toLowerCase() ?? '', request.rawHeaders[i + 1] ?? ''])
  const result = await handler(
    {
      method: request.method ?? 'GET',
      scheme: 'http',
      authority: request.headers.host ?? `localhost:${port}`,
      path: request.url ?? '/',
      headers: headers.filter(([name]) => name !== 'host'),
      body: Buffer.concat(chunks),
    },
    { sourceIp: '127.0.0.1', signal: gone.signal },
  )
  const body = typeof result.body === 'string' ? Buffer.from(result.body) : result.body
  const lengthGiven = result.headers.some(([name]) => name === 'content-length')
  const isEmptyByNature = result.status === 204 || result.status === 304
  response.writeHead(result.status, [
    ...result.headers.filter(([name]) => name !== 'transfer-encoding').flat(),
    ...(lengthGiven || isEmptyByNature ? [] : ['content-length', String(body.byteLength)]),
  ])
  response.end(body)
}
