import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { stringify } from 'yaml'
import { ApiError, type Status } from '../../kubernetes/index.ts'
import type { Call } from './call.ts'

/** Answers from this size on are compressed for clients that take it (apiserver `pkg/endpoints/handlers/responsewriters`). */
const GZIP_FROM_BYTES = 128 * 1024
/** The flow schema and priority level that every request is said to belong to. */
const FLOW_SCHEMA_UID = '0e2b5fa0-6d2c-4c62-9f5f-3a0f5a6f1c01'
const PRIORITY_LEVEL_UID = '5b7a3c54-1f0e-4d8c-8a57-6d1f9c2e7b02'

const compress = promisify(gzip)

export function commonHeaders(call: Pick<Call, 'warnings'>): Record<string, string | string[]> {
  return {
    'Audit-Id': randomUUID(),
    'Cache-Control': 'no-cache, private',
    'X-Kubernetes-Pf-Flowschema-Uid': FLOW_SCHEMA_UID,
    'X-Kubernetes-Pf-Prioritylevel-Uid': PRIORITY_LEVEL_UID,
    ...(call.warnings.length > 0 && { Warning: call.warnings.map((text) => `299 - ${JSON.stringify(text)}`) }),
  }
}

export interface Answer {
  status?: number
  /** Default application/json. */
  type?: string
  body: string | Buffer
  headers?: Record<string, string>
  yaml?: boolean
}

export async function respond(
  call: Call,
  { status = 200, type = 'application/json', body, headers = {}, yaml }: Answer,
): Promise<void> {
  const { response } = call
  if (response.destroyed) return
  const text = yaml ? stringify(JSON.parse(body.toString()), { sortMapEntries: true, lineWidth: 0 }) : body
  let content: Buffer = typeof text === 'string' ? Buffer.from(text) : text
  const all: Record<string, string | string[] | number> = {
    ...commonHeaders(call),
    'Content-Type': yaml ? 'application/yaml' : type,
    ...headers,
  }
  const acceptsGzip = /\bgzip\b/.test(call.request.headers['accept-encoding'] ?? '')
  if (content.length >= GZIP_FROM_BYTES && acceptsGzip && call.request.method === 'GET') {
    content = await compress(content, { level: 1 })
    all['Content-Encoding'] = 'gzip'
    all['Vary'] = 'Accept-Encoding'
  }
  all['Content-Length'] = content.length
  response.writeHead(status, all)
  response.end(call.request.method === 'HEAD' ? undefined : content)
}

export function respondText(call: Call, status: number, body: string): Promise<void> {
  return respond(call, {
    status,
    type: 'text/plain; charset=utf-8',
    body,
    headers: { 'X-Content-Type-Options': 'nosniff' },
  })
}

export function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status
  if (error instanceof URIError) return new ApiError(400, 'BadRequest', '400 Bad Request').status
  const message = error instanceof Error ? error.message : String(error)
  return new ApiError(500, '', message).status
}

export async function respondError(call: Call, error: unknown): Promise<void> {
  const status = statusOf(error)
  const seconds = status.details?.retryAfterSeconds
  await respond(call, {
    status: status.code ?? 500,
    body: `${JSON.stringify(status)}\n`,
    ...(seconds !== undefined && { headers: { 'Retry-After': String(seconds) } }),
  })
}
