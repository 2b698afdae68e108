import type { Headers, HttpResponse } from '../kubernetes/index.ts'

/** Answers as programs give them, with the headers that their servers add. */
export function text(status: number, body: string, headers: Headers = []): HttpResponse {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8'], ...headers], body }
}

export function html(status: number, body: string, headers: Headers = []): HttpResponse {
  return { status, headers: [['content-type', 'text/html; charset=utf-8'], ...headers], body }
}

/** `indent` 0 writes JSON on one line. */
export function json(status: number, value: unknown, { indent = 2, headers = [] as Headers } = {}): HttpResponse {
  return {
    status,
    headers: [['content-type', 'application/json'], ...headers],
    body: `${JSON.stringify(value, null, indent)}\n`,
  }
}

/** No answer at all: the connection is closed, and the caller sees an empty reply. */
export const dropped: HttpResponse = { status: 0, headers: [], body: '' }

export function pathOf(path: string): string {
  return path.split('?')[0] ?? '/'
}

export function queryOf(path: string): URLSearchParams {
  return new URLSearchParams(path.split('?')[1] ?? '')
}

export function bodyText(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}
