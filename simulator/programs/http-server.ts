import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Headers, HttpRequest } from '../kubernetes/index.ts'
import type { HttpHandler } from './program.ts'

/** Lets a program answer what a server of Node's reads from its connections. `port` stands in where a request names no host. */
export function answering(port: number, handler: HttpHandler): RequestListener {
  return (request, response) => {
    answer(request, response, port, handler).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  handler: HttpHandler,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const meta = { sourceIp: sourceOf(request), signal: gone.signal }
  const result = await handler(await read(request, port), meta)
  if (result.status === 0) {
    // Dropped on purpose: the caller sees the connection end without a byte.
    request.socket.end()
    return
  }
  const body = typeof result.body === 'string' ? Buffer.from(result.body) : result.body
  const lengthGiven = result.headers.some(([name]) => name === 'content-length')
  const isEmptyByNature = result.status === 204 || result.status === 304
  response.writeHead(result.status, [
    ...result.headers.filter(([name]) => name !== 'transfer-encoding').flat(),
    ...(lengthGiven || isEmptyByNature ? [] : ['content-length', String(body.byteLength)]),
  ])
  response.end(body)
}

async function read(request: IncomingMessage, port: number): Promise<HttpRequest> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  const headers: Headers = []
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    headers.push([request.rawHeaders[i]?.toLowerCase() ?? '', request.rawHeaders[i + 1] ?? ''])
  return {
    method: request.method ?? 'GET',
    scheme: 'http',
    authority: request.headers.host ?? `localhost:${port}`,
    path: request.url ?? '/',
    headers: headers.filter(([name]) => name !== 'host'),
    body: Buffer.concat(chunks),
  }
}

/** A connection that came through a forwarded stream has no address: it is of this machine. */
function sourceOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
}
