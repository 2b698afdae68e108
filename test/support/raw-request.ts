import { request } from 'node:http'
import type { LiveClient } from './live-client.ts'

/** Sends a request as it is written: fetch would resolve `..` in the path and refuse some headers. */
export function rawRequest(
  page: LiveClient,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; body: string; headers: Record<string, string | string[] | undefined> }> {
  const { hostname, port } = new URL(page.url)
  return new Promise((resolve, reject) => {
    const headers = { cookie: page.cookie, ...options.headers }
    const outgoing = request({ hostname, port, path, method: options.method ?? 'GET', headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString(), headers: response.headers }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}
