import { request as httpsRequest, type RequestOptions } from 'node:https'
import { readFacts } from '../../../test/support/facts.ts'
import { createAdmission } from '../../admission/index.ts'
import { createApi } from '../../cluster.ts'
import { createCredentials, serveApi } from '../index.ts'

/** One recorded request: `$repeat` and `$array` in bodies stand for what is too long to write down. */
export interface RecordedRequest {
  method: string
  path: string
  query?: string
  contentType?: string
  accept?: string
  user?: string
  headers?: Record<string, string>
  body?: unknown
}

export interface Answer {
  status: number
  headers: NodeJS.Dict<string | string[]>
  text: string
}

export interface RecordedServer extends AsyncDisposable {
  send(request: RecordedRequest): Promise<Answer>
}

const groups: Record<string, string[]> = { alice: ['dev'], bob: ['dev', 'ops'] }

/** A server in the state in which the refusals were recorded: only the API server acts, and the setup was run. */
export async function recordedServer(setup = true): Promise<RecordedServer> {
  const { api, kernel, ...cluster } = await createApi({
    admission: (api, random) =>
      createAdmission({
        api,
        random,
        transport: ({ name }) => Promise.reject(new Error(`service "${name}" not found`)),
      }),
  })
  void api
  const credentials = createCredentials(Date.now())
  const listening = await serveApi(kernel, credentials)
  const base = { host: '127.0.0.1', port: listening.port, ca: credentials.authority.certificate }
  const send = (recorded: RecordedRequest): Promise<Answer> =>
    exchange(base, headersOf(recorded, credentials.tokens.learner), recorded)
  if (setup)
    for (const step of readFacts('kubernetes-1.34/errors-setup.json') as RecordedRequest[])
      await send({ contentType: 'application/json', ...step })
  return {
    send,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]()
      cluster[Symbol.dispose]()
    },
  }
}

function headersOf(
  { user, headers, contentType, accept }: RecordedRequest,
  token: string,
): Record<string, string | string[]> {
  const named = /^\(bearer (.*)\)$/.exec(user ?? '')?.[1]
  const bearer = named === 'admin-token' ? undefined : named
  const anonymous = user === '(no credentials)'
  return {
    ...(!anonymous && { Authorization: `Bearer ${bearer ?? token}` }),
    ...(user && groups[user] && { 'Impersonate-User': user, 'Impersonate-Group': groups[user] }),
    ...(contentType !== undefined && { 'Content-Type': contentType }),
    ...(accept !== undefined && { Accept: accept }),
    'User-Agent': 'unknown',
    ...headers,
  }
}

function exchange(
  base: RequestOptions,
  headers: Record<string, string | string[]>,
  recorded: RecordedRequest,
): Promise<Answer> {
  const path = recorded.path + (recorded.query ? `?${recorded.query}` : '')
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...base, method: recorded.method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.on('error', reject)
    const body = bodyOf(recorded.body)
    // Without it a DELETE's body would not be announced.
    if (body !== undefined) request.setHeader('Content-Length', Buffer.byteLength(body))
    request.end(body)
  })
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  const text = typeof body === 'string' ? body : JSON.stringify(expand(body))
  return text.replaceAll('<clusterIP-1>', '10.96.77.1').replaceAll('"<nodePort-1>"', '30777')
}

/** `{"$repeat": "a", "$count": 3}` is "aaa", `{"$array": x, "$count": 3}` is [x, x, x]. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand)
  if (typeof value !== 'object' || value === null) return value
  const held = value as Record<string, unknown>
  const count = Number(held['$count'] ?? 0)
  if ('$repeat' in held) return String(held['$repeat']).repeat(count)
  if ('$array' in held) return Array.from({ length: count }, () => expand(held['$array']))
  return Object.fromEntries(Object.entries(held).map(([key, inner]) => [key, expand(inner)]))
}
