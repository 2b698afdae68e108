import { request } from 'node:https'
import type { Credentials } from './identity/credentials.ts'
import type { HttpRequest, HttpResponse, Headers } from '../kubernetes/index.ts'

/**
 * Answers pods that call the Service `kubernetes`: their requests go to the server's own port, so that credentials, rights and refusals
 * are the same as from outside. `port` is undefined while nothing is served.
 */
export function inClusterHandler(
  { authority }: Credentials,
  port: () => number | undefined,
): (message: HttpRequest, meta: { signal: AbortSignal }) => Promise<HttpResponse> {
  return async (message, { signal }) => {
    if (message.scheme === 'http')
      return { status: 400, headers: [], body: 'Client sent an HTTP request to an HTTPS server.\n' }
    const at = port()
    // As a program that drops the connection: the server is not up.
    if (at === undefined) return { status: 0, headers: [], body: '' }
    return send(message, { port: at, ca: authority.certificate, signal })
  }
}

function send(
  { method, path, authority, headers, body }: HttpRequest,
  { port, ca, signal }: { port: number; ca: string; signal: AbortSignal },
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, ca, method, path, signal, agent: false })
    outgoing.setHeader('host', authority)
    // Answers are values here: nothing is gained by packing them.
    for (const [name, value] of headers) if (name !== 'accept-encoding') outgoing.appendHeader(name, value)
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, rawHeaders } = response
        const pairs: Headers = []
        for (let i = 0; i + 1 < rawHeaders.length; i += 2)
          pairs.push([(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? ''])
        resolve({ status: statusCode, headers: pairs, body: Buffer.concat(chunks) })
      })
    })
    outgoing.end(body)
  })
}
