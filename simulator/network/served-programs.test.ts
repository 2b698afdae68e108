import { hostname } from 'node:os'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock, type CallOutcome, type Headers, type HttpResponse } from '../kubernetes/index.ts'
import { call } from '../programs/serve/call.ts'
import { findProgram, programNames } from '../programs/serve/names.ts'
import { serve } from '../programs/serve/serve.ts'
import { TestCluster } from './testing/cluster.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Start {
  image: string
  port: number
  command?: string[]
  args?: string[]
  env?: Record<string, string>
}

/** A program on a real port of loopback, instead of the one that it names. */
async function served({
  image,
  port,
  command = [],
  args = [],
  env = {},
}: Start): Promise<{ port: number; logs: string[] }> {
  const program = findProgram(image)
  if (program === undefined) throw new Error(`no program ${image}`)
  const ending = new AbortController()
  const logs: string[] = []
  const real = await new Promise<number>((resolve, reject) => {
    const ended = serve(program, {
      name: image,
      command,
      args,
      env,
      log: (line) => void logs.push(line),
      signal: ending.signal,
      host: '127.0.0.1',
      portOf: () => 0,
      opened: (asked, address) => asked === port && resolve(address.port),
    })
    ended.then((code) => reject(new Error(`ended with ${code}: ${logs.join('\n')}`)), reject)
    stops.push(async () => {
      ending.abort()
      expect(await ended).toBe(0)
    })
  })
  return { port: real, logs }
}

function cluster(): TestCluster {
  const made = new TestCluster({ clock: systemClock })
  stops.push(() => made[Symbol.dispose]())
  return made
}

interface Asked {
  method?: string
  path: string
  headers?: Headers
  body?: string
}

const request = ({ method = 'GET', path, headers = [], body = '' }: Asked) => ({
  method,
  scheme: 'http' as const,
  authority: 'app.example:8000',
  path,
  headers: [
    ['user-agent', 'test'],
    ['connection', 'close'],
    ...headers,
    ...(body === '' ? [] : [['content-length', String(body.length)]]),
  ] as Headers,
  body,
})

/** What a caller makes of an answer; time and framing are the connection's own. */
function seen({ status, headers, body }: HttpResponse) {
  const own = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'])
  return { status, headers: headers.filter(([name]) => !own.has(name)), body: Buffer.from(body).toString() }
}

async function expectTwins(start: Start, asked: readonly Asked[]): Promise<void> {
  const { port } = start
  const pod = cluster().pod({ ...start, name: hostname() })
  const real = await served(start)
  for (const each of asked)
    expect(await askReal(real.port, each)).toEqual(
      outcomeOf(await pod.network.call(request(each), { connectTo: { host: 'localhost', port } })),
    )
}

async function askReal(port: number, asked: Asked): Promise<unknown> {
  return outcomeOf(await call(request(asked), { connectTo: { host: '127.0.0.1', port } }))
}

function outcomeOf(outcome: CallOutcome): unknown {
  return outcome.ok ? seen(outcome.response) : outcome.failure.kind
}

const form: Headers = [['content-type', 'application/x-www-form-urlencoded']]
const get = (...paths: string[]): Asked[] => paths.map((path) => ({ path }))

describe('a program on real sockets answers as its simulated twin', () => {
  it.each<[string, Omit<Start, 'image'>, Asked[]]>([
    [
      'docker.io/kennethreitz/httpbin',
      { port: 80 },
      [
        ...get(
          '/get?a=1',
          '/headers',
          '/ip',
          '/hostname',
          '/status/418',
          '/status/503',
          '/redirect/2',
          '/nothing',
          '/post',
        ),
        { path: '/post', method: 'POST', body: 'a=1&b=2', headers: form },
        { path: '/anything', method: 'PUT', body: '{"a":1}' },
      ],
    ],
    ['istio/httpbin', { port: 8080, command: ['gunicorn', '-b', '0.0.0.0:8080', 'httpbin:app'] }, get('/get')],
    ['mccutchen/go-httpbin', { port: 8080 }, get('/get?a=1', '/headers', '/status/204', '/delay/0.05')],
    ['nginx:1.29', { port: 80 }, [...get('/', '/nothing', '/../../etc/passwd'), { path: '/', method: 'POST' }]],
    [
      'fortio/fortio',
      { port: 8080, args: ['server'] },
      [{ path: '/echo', body: 'hello' }, ...get('/echo?status=503', '/debug')],
    ],
    ['hashicorp/http-echo', { port: 5678, args: ['-text=hi'] }, get('/', '/any')],
    ['ealen/echo-server', { port: 8080 }, [{ path: '/x?y=1', method: 'POST', body: 'abc' }]],
    ['traefik/whoami', { port: 80 }, get('/health')],
    ['e2e-test-images/agnhost:2.40', { port: 8080, args: ['netexec'] }, get('/hostname', '/healthz', '/echo?msg=hi')],
    [
      'labwright/payments:1',
      { port: 8080 },
      [
        ...get('/', '/healthz', '/payments', '/payments/p-1001', '/payments/none'),
        { path: '/payments', method: 'POST', body: '{"amount":5}' },
        { path: '/payments/p-1002', method: 'DELETE' },
        { path: '/payments', method: 'DELETE' },
      ],
    ],
    ['labwright/payments:1', { port: 9000, env: { PORT: '9000', VERSION: 'v2' } }, get('/')],
    ['labwright/flaky:1', { port: 8080 }, get('/', '/fail?status=502', '/', '/recover', '/')],
    ['labwright/flaky:1', { port: 8080, env: { FAIL_PERCENT: '100', FAIL_MODE: 'drop' } }, get('/')],
    ['istio/examples-bookinfo-details-v1:1.20.3', { port: 9080 }, get('/health', '/details/0', '/details/x')],
    [
      'istio/examples-bookinfo-ratings-v1:1.20.3',
      { port: 9080 },
      [...get('/health', '/ratings/0', '/ratings/x'), { path: '/ratings/7', method: 'POST', body: '{"Reviewer1":1}' }],
    ],
    ['istio/examples-bookinfo-reviews-v1:1.20.3', { port: 9080 }, get('/health', '/reviews/0')],
    ['istio/examples-bookinfo-productpage-v1:1.20.3', { port: 9080 }, get('/', '/health', '/login', '/nothing')],
  ])('%s %j', (image, start, asked) => expectTwins({ image, ...start }, asked))
})

describe('bookinfo, each program a real server, shows the page of its simulated twin', () => {
  const parts = ['details-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3']
  const environment = (reviews: string, hosts: Record<string, { host: string; port: number }>) =>
    Object.fromEntries(
      Object.entries({ details: 'details-v1', ratings: 'ratings-v1', reviews }).flatMap(([name, part]) => [
        [`${name.toUpperCase()}_HOSTNAME`, hosts[part]?.host ?? '127.0.0.1'],
        [`${name.toUpperCase()}_SERVICE_PORT`, String(hosts[part]?.port ?? 9)],
      ]),
    )

  it.each([
    { reviews: 'reviews-v1', without: 'reviews-v2' },
    { reviews: 'reviews-v2', without: 'reviews-v1' },
    { reviews: 'reviews-v3', without: 'reviews-v1' },
    { reviews: 'reviews-v3', without: 'ratings-v1' },
    { reviews: 'reviews-v3', without: 'details-v1' },
    { reviews: 'reviews-v3', without: 'reviews-v3' },
  ])('with $reviews and without $without', async ({ reviews, without }) => {
    const simulated = cluster()
    const pods: Record<string, { host: string; port: number }> = {}
    const servers: Record<string, { host: string; port: number }> = {}
    for (const part of parts.filter((name) => name !== without)) {
      const image = `istio/examples-bookinfo-${part}`
      const pod = simulated.pod({ name: part, image, env: environment(reviews, pods) })
      pods[part] = { host: pod.network.ip, port: 9080 }
      const { port } = await served({ image, port: 9080, env: environment(reviews, servers) })
      servers[part] = { host: '127.0.0.1', port }
    }
    const page = { image: 'istio/examples-bookinfo-productpage-v1', port: 9080 }
    const pod = simulated.pod({ ...page, name: 'page', env: environment(reviews, pods) })
    const { port } = await served({ ...page, env: environment(reviews, servers) })
    const asked = { path: '/productpage', headers: [['cookie', 'session=jason']] as Headers }
    const twin = await pod.network.call(request(asked), { connectTo: { host: 'localhost', port: 9080 } })
    const words = (value: unknown): string => JSON.stringify(value).replaceAll(reviews, hostname())
    expect(words(await askReal(port, asked))).toBe(words(outcomeOf(twin)))
  })
})

describe('a call over the real network', () => {
  it('says that nothing listens in the words of the simulated one', async () => {
    const real = await call({ ...request({ path: '/' }), authority: '127.0.0.1:9' })
    expect(real).toMatchObject({
      ok: false,
      failure: { kind: 'refused', message: 'connect to 127.0.0.1 port 9: Connection refused' },
    })
  })

  it('says that a name is unknown', async () => {
    const real = await call({ ...request({ path: '/' }), authority: 'no-such-host.invalid' })
    expect(real).toMatchObject({
      ok: false,
      failure: { kind: 'dns', message: 'Could not resolve host: no-such-host.invalid' },
    })
  })

  it('gives up in time', async () => {
    const { port } = await served({ image: 'flaky', port: 8080, env: { DELAY_MILLISECONDS: '60000' } })
    const options = { connectTo: { host: '127.0.0.1', port }, timeoutMilliseconds: 50 }
    expect(await call(request({ path: '/' }), options)).toMatchObject({ ok: false, failure: { kind: 'timeout' } })
  })
})

it('redis speaks its protocol on a real socket', async () => {
  const { port } = await served({ image: 'redis', port: 6379 })
  const connection = connect(port, '127.0.0.1')
  connection.write('SET a 1\r\nINCR a\r\nQUIT\r\n')
  expect(await text(connection)).toBe('+OK\r\n:2\r\n+OK\r\n')
})

it('every program has a short name, and no two programs share one', () => {
  expect(programNames).toContain('reviews-v3')
  expect(programNames.filter((name) => findProgram(name) === undefined)).toEqual([])
  expect(findProgram('docker.io/istio/examples-bookinfo-reviews-v3:1.20.3')).toBe(findProgram('reviews-v3'))
  expect(findProgram('no-such-program')).toBeUndefined()
})
