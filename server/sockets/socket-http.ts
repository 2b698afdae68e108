import { request, type IncomingMessage } from 'node:http'

export interface SocketRequest {
  method?: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: unknown
  signal: AbortSignal
}

/** Sends one request over a Unix socket and answers with the response as a stream. */
export function openOverSocket(
  socketPath: string,
  { method = 'GET', path, body, signal }: SocketRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const outgoing = request({ socketPath, method, path, headers, signal, agent: false }, resolve)
    outgoing.on('error', reject)
    outgoing.end(text)
  })
}

/** Sends one request over a Unix socket and reads the whole JSON answer. */
export async function askOverSocket(
  socketPath: string,
  options: SocketRequest,
): Promise<{ status: number; body: unknown }> {
  const response = await openOverSocket(socketPath, options)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode ?? 0, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
}

/** True when nothing listens behind the socket: it is not there, refuses, or hung up before it answered. */
export function isNobodyThere(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
}
