import type { HttpRequest, HttpResponse } from '../kubernetes/index.ts'
import type { HttpHandler, Image, ProgramContext } from './program.ts'
import { bodyText, html, json, pathOf, queryOf, text } from './responses.ts'
import { portArgument, server } from './server.ts'

/** The Python httpbin and its Go sister answer the same paths; the Go one writes header values as lists. */
type Flavour = 'python' | 'go'

const teapot =
  '\n    -=[ teapot ]=-\n\n       _...._\n     .\'  _ _ `.\n    | ."` ^ `". _,\n    \\_;`"---"`|//\n      |       ;/\n      \\_     _/\n        `"""`\n'
const MAX_DELAY_SECONDS = 10
const MAX_BYTES = 100 * 1024

export const pythonHttpbin: Image = {
  program: server({
    binaries: ['gunicorn', 'python', 'python3'],
    ports: ({ command, args }) => [portArgument([...command, ...args], ['-b', '--bind']) ?? 80],
    handler: (context) => handler(context, 'python'),
    banner: ({ command, args }) => {
      const port = portArgument([...command, ...args], ['-b', '--bind']) ?? 80
      return [
        '[INFO] Starting gunicorn 19.9.0',
        `[INFO] Listening at: http://0.0.0.0:${port} (1)`,
        '[INFO] Using worker: gevent',
      ]
    },
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 1.5, memoryBytes: 42 * 2 ** 20 },
  shell: ['curl', 'wget', 'nslookup', 'dig', 'host', 'nc', 'ping', 'ip'],
  userId: 0,
}

export const goHttpbin: Image = {
  program: server({
    binaries: ['go-httpbin'],
    ports: ({ args, command, env }) => [
      portArgument([...command, ...args], ['-port', '--port']) ?? Number(env['PORT'] ?? 8080),
    ],
    handler: (context) => handler(context, 'go'),
    banner: () => ['time=INFO msg="go-httpbin listening on http://0.0.0.0:8080"'],
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.3, memoryBytes: 9 * 2 ** 20 },
  shell: false,
  userId: 65_532,
}

function handler(context: ProgramContext, flavour: Flavour): HttpHandler {
  return async (request, meta) => {
    const own: HttpResponse['headers'] =
      flavour === 'python'
        ? [
            ['server', 'gunicorn/19.9.0'],
            ['access-control-allow-origin', '*'],
            ['access-control-allow-credentials', 'true'],
          ]
        : [
            ['access-control-allow-credentials', 'true'],
            ['access-control-allow-origin', '*'],
          ]
    const response = await answer(request, { context, flavour, sourceIp: meta.sourceIp, signal: meta.signal })
    const isHead = request.method === 'HEAD'
    return { ...response, headers: [...response.headers, ...own], body: isHead ? '' : response.body }
  }
}

interface Asked {
  context: ProgramContext
  flavour: Flavour
  sourceIp: string
  signal: AbortSignal
}

/** `x-request-id` as the servers write it back: `X-Request-Id`. */
function canonical(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}

async function answer(request: HttpRequest, asked: Asked): Promise<HttpResponse> {
  const { context, flavour } = asked
  const [, first = '', second = ''] = pathOf(request.path).split('/')
  const only: Record<string, string> = { get: 'GET', post: 'POST', put: 'PUT', delete: 'DELETE', patch: 'PATCH' }
  const wanted = only[first]
  if (wanted !== undefined) {
    const isRight = request.method === wanted || (wanted === 'GET' && request.method === 'HEAD')
    if (!isRight)
      return html(405, '<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n', [['allow', wanted]])
    return json(200, echo(request, asked, wanted !== 'GET'))
  }
  switch (first) {
    case '':
      return html(
        200,
        '<!DOCTYPE html>\n<html lang="en">\n<head><title>httpbin.org</title></head>\n<body><h1>httpbin.org</h1></body>\n</html>\n',
      )
    case 'headers':
      return json(200, { headers: headersOf(request, flavour) })
    case 'ip':
      return json(200, { origin: originOf(request, asked.sourceIp) })
    case 'user-agent':
      return json(200, { 'user-agent': request.headers.find(([name]) => name === 'user-agent')?.[1] ?? '' })
    case 'uuid':
      return json(200, { uuid: context.random.uuid() })
    case 'hostname':
      return json(200, { hostname: context.pod.metadata.name })
    case 'anything':
      return json(200, { ...echo(request, asked, true), method: request.method })
    case 'status':
      return status(second, context)
    case 'delay':
      await wait(Math.min(Number(second) || 0, MAX_DELAY_SECONDS), context, asked.signal)
      return json(200, echo(request, asked, true))
    case 'bytes':
      return bytes(Number(second) || 0, context)
    case 'redirect':
    case 'relative-redirect': {
      const left = Number(second) || 1
      return html(302, '', [['location', left > 1 ? `/${first}/${left - 1}` : '/get']])
    }
    case 'redirect-to':
      return html(302, '', [['location', queryOf(request.path).get('url') ?? '/get']])
    case 'response-headers':
      return json(200, Object.fromEntries(queryOf(request.path)), { headers: [...queryOf(request.path)] })
    case 'html':
      return html(
        200,
        '<!DOCTYPE html>\n<html>\n  <head></head>\n  <body><h1>Herman Melville - Moby-Dick</h1></body>\n</html>\n',
      )
    case 'robots.txt':
      return text(200, 'User-agent: *\nDisallow: /deny\n')
    case 'basic-auth':
      return basicAuth(request)
    case 'healthz':
      return flavour === 'python' ? html(404, notFound) : text(200, 'ok\n')
    default:
      return html(404, notFound)
  }
}

const notFound = '<title>404 Not Found</title>\n<h1>Not Found</h1>\n'

function headersOf(request: HttpRequest, flavour: Flavour): Record<string, string | string[]> {
  const grouped = new Map<string, string[]>([['Host', [request.authority]]])
  for (const [name, value] of request.headers)
    grouped.set(canonical(name), [...(grouped.get(canonical(name)) ?? []), value])
  const sorted = [...grouped].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, values]) => [name, flavour === 'go' ? values : values.join(',')]))
}

function originOf(request: HttpRequest, sourceIp: string): string {
  return request.headers.find(([name]) => name === 'x-forwarded-for')?.[1] ?? sourceIp
}

function echo(request: HttpRequest, { flavour, sourceIp }: Asked, withBody: boolean): Record<string, unknown> {
  const listed = [...queryOf(request.path)].map(([name, value]) => [name, flavour === 'go' ? [value] : value])
  const common = {
    args: Object.fromEntries(listed) as Record<string, unknown>,
    headers: headersOf(request, flavour),
    origin: originOf(request, sourceIp),
    url: `http://${request.authority}${request.path}`,
  }
  const { args, headers, origin, url } = common
  if (!withBody)
    return flavour === 'go' ? { args, headers, method: request.method, origin, url } : { args, headers, origin, url }
  const body = bodyText(request.body)
  const type = request.headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  return {
    args,
    data: isForm && flavour === 'python' ? '' : body,
    files: {},
    form: isForm ? Object.fromEntries(new URLSearchParams(body)) : {},
    headers,
    json: parsed(body),
    ...(flavour === 'go' ? { method: request.method } : {}),
    origin,
    url,
  }
}

/** The body as JSON, or null when it is none: httpbin's own rule. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return null
  }
}

/** `418`, `200,503` (one of them), `200:0.9,500:0.1` (by weight). */
function status(wanted: string, { random }: ProgramContext): HttpResponse {
  const choices = decodeURIComponent(wanted)
    .split(',')
    .map((choice) => ({ code: Number(choice.split(':')[0]), weight: Number(choice.split(':')[1] ?? 1) }))
  let point = random.next() * choices.reduce((sum, { weight }) => sum + weight, 0)
  const code = (choices.find(({ weight }) => (point -= weight) < 0) ?? choices[0])?.code ?? 0
  if (!Number.isInteger(code) || code < 100 || code > 999) return html(400, 'Invalid status code')
  if (code === 418) return text(418, teapot)
  if (code === 401) return html(401, '', [['www-authenticate', 'Basic realm="Fake Realm"']])
  if ([301, 302, 303, 305, 307].includes(code)) return html(code, '', [['location', '/redirect/1']])
  return html(code, '')
}

function basicAuth(request: HttpRequest): HttpResponse {
  const [, , user = '', password = ''] = pathOf(request.path).split('/')
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const isRight = request.headers.some(([name, value]) => name === 'authorization' && value === expected)
  return isRight
    ? json(200, { authenticated: true, user })
    : html(401, '', [['www-authenticate', 'Basic realm="Fake Realm"']])
}

function bytes(count: number, { random }: ProgramContext): HttpResponse {
  const body = Uint8Array.from({ length: Math.min(count, MAX_BYTES) }, () => random.below(256))
  return { status: 200, headers: [['content-type', 'application/octet-stream']], body }
}

function wait(seconds: number, { clock }: ProgramContext, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(seconds * 1000, resolve)
    signal.addEventListener('abort', () => {
      timer[Symbol.dispose]()
      resolve()
    })
  })
}
