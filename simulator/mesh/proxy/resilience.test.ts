import { afterEach, describe, expect, test } from 'vitest'
import { ManualClock, type Clock } from '../../kubernetes/index.ts'
import { headerOf, World, type Program } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

const answer = (status: number, body = ''): ReturnType<Program> => ({ status, headers: [], body })

function rule(trafficPolicy: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: server}
spec: {host: server, trafficPolicy: ${trafficPolicy}}
---
`
}

function route(fields: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: server}
spec: {hosts: [server], http: [{${fields}, route: [{destination: {host: server}}]}]}
---
`
}

function servers(programs: readonly Program[], clock?: Clock): World {
  world = new World(clock === undefined ? {} : { clock })
  world.pod('client')
  for (const [index, program] of programs.entries()) {
    world.pod(`server-${index}`, { labels: { app: 'server' }, program })
  }
  world.service('server')
  return world
}

const url = 'http://server/'
const OVERFLOW = '503 upstream connect error or disconnect/reset before headers. reset reason: overflow'
const slow: Program = async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return answer(200, 'ok')
}

async function burst(size: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  const calls = Array.from({ length: size }, () => world.see('client', url))
  for (const line of await Promise.all(calls)) seen[line] = (seen[line] ?? 0) + 1
  return seen
}

describe('connection pool: a burst of 10 at once', () => {
  const table: [title: string, pool: string, served: number][] = [
    ['no limits', '{}', 10],
    ['unset limits are no limits', '{tcp: {}, http: {maxRequestsPerConnection: 2}}', 10],
    ['one connection and any number waiting', '{tcp: {maxConnections: 1}}', 10],
    ['one connection, one pending', '{tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}', 1],
    ['three pending', '{http: {http1MaxPendingRequests: 3}}', 3],
    ['four requests', '{http: {http2MaxRequests: 4}}', 4],
    [
      'the lesson’s limits',
      '{tcp: {maxConnections: 100}, http: {http1MaxPendingRequests: 100, maxRequestsPerConnection: 2}}',
      10,
    ],
  ]
  test.each(table)('%s', async (_, pool, served) => {
    servers([slow]).objects.apply(rule(`{connectionPool: ${pool}}`))
    const seen = await burst(10)
    expect(seen).toEqual({ '200 ok': served, ...(served < 10 && { [OVERFLOW]: 10 - served }) })
  })

  test('what is shed says so, and a calm load is not shed', async () => {
    servers([slow]).objects.apply(
      rule(
        '{connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, maxRequestsPerConnection: 1}}}',
      ),
    )
    const [first, second] = await Promise.all([world.answer('client', url), world.answer('client', url)])
    expect([first.status, second.status]).toEqual([200, 503])
    expect(headerOf(second, 'x-envoy-overloaded')).toBe('true')
    expect(
      world.logs.some(({ line }) => line.includes(' 503 UO upstream_reset_before_response_started{overflow} - ')),
    ).toBe(true)
    expect(await world.tally(5, 'client', url)).toEqual({ '200 ok': 5 })
  })

  test('limits are each client’s own', async () => {
    servers([slow]).objects.apply(rule('{connectionPool: {http: {http1MaxPendingRequests: 1}}}'))
    world.pod('client-2')
    const seen = await Promise.all([world.see('client', url), world.see('client-2', url)])
    expect(seen).toEqual(['200 ok', '200 ok'])
  })

  test('a new limit counts from the next request on', async () => {
    servers([slow])
    expect(await burst(3)).toEqual({ '200 ok': 3 })
    world.objects.apply(rule('{connectionPool: {http: {http1MaxPendingRequests: 1}}}'))
    expect(await burst(3)).toEqual({ '200 ok': 1, [OVERFLOW]: 2 })
  })
})

describe('outlier detection', () => {
  const good: Program = () => answer(200, 'good')
  const bad: Program = () => answer(500, 'bad')
  const badGateway: Program = () => answer(502, 'bad')

  /** Requests to the bad one among two, of 60, in a round robin. */
  async function badAnswers(policy: string, programs = [bad, good], clock = new ManualClock()): Promise<number> {
    servers(programs, clock).objects.apply(rule(`{loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: ${policy}}`))
    const seen = await world.tally(60, 'client', url)
    return 60 - (seen['200 good'] ?? 0)
  }

  const table: [title: string, policy: string, bad: number, programs?: Program[]][] = [
    ['five 5xx in a row eject', '{consecutive5xxErrors: 5, maxEjectionPercent: 100}', 5],
    ['two', '{consecutive5xxErrors: 2, maxEjectionPercent: 100}', 2],
    ['consecutiveErrors is ignored: the default of five holds', '{consecutiveErrors: 1, maxEjectionPercent: 100}', 5],
    ['0 switches off', '{consecutive5xxErrors: 0, maxEjectionPercent: 100}', 30],
    [
      'gateway errors are 502 to 504',
      '{consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, maxEjectionPercent: 100}',
      30,
    ],
    [
      'a 502 counts',
      '{consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, maxEjectionPercent: 100}',
      3,
      [badGateway, good],
    ],
    ['half may go', '{consecutive5xxErrors: 5, maxEjectionPercent: 50}', 5],
    ['the default of 10 % leaves two alone', '{consecutive5xxErrors: 5}', 30],
    ['49 % of two is none', '{consecutive5xxErrors: 5, maxEjectionPercent: 49}', 30],
    ['one in ten may go by default', '{consecutive5xxErrors: 2}', 2, [bad, ...Array.from({ length: 9 }, () => good)]],
    [
      'panic: below minHealthPercent all are used',
      '{consecutive5xxErrors: 5, maxEjectionPercent: 100, minHealthPercent: 60}',
      30,
    ],
  ]
  test.each(table)('%s', async (_, policy, expected, programs) => {
    expect(await badAnswers(policy, programs)).toBe(expected)
  })

  test('all may be ejected, and then there is no healthy upstream', async () => {
    servers([bad], new ManualClock()).objects.apply(
      rule('{outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}}'),
    )
    expect(await world.tally(10, 'client', url)).toEqual({ '500 bad': 3, '503 no healthy upstream': 7 })
  })

  test('a host comes back at the first sweep after its time, and each further time it stays out longer', async () => {
    const clock = new ManualClock()
    const policy = '{consecutive5xxErrors: 1, interval: 10s, baseEjectionTime: 15s, maxEjectionPercent: 100}'
    servers([bad], clock).objects.apply(rule(`{outlierDetection: ${policy}}`))
    const out = '503 no healthy upstream'
    expect(await world.see('client', url)).toBe('500 bad')
    await clock.advance(19_999)
    expect(await world.see('client', url)).toBe(out)
    await clock.advance(1)
    expect(await world.see('client', url)).toBe('500 bad')
    // Now for 30 s, from 20 s on.
    await clock.advance(29_999)
    expect(await world.see('client', url)).toBe(out)
    await clock.advance(1)
    expect(await world.see('client', url)).toBe('500 bad')
  })

  test('a caller that hangs up says nothing of the host', async () => {
    const clock = new ManualClock()
    let patience = Infinity
    const program: Program = () => (patience === Infinity ? answer(200, 'ok') : new Promise(() => {}))
    servers([program, program], clock).objects.apply(
      rule('{outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}}'),
    )
    patience = 50
    for (let call = 0; call < 8; call++) {
      const hangUp = new AbortController()
      const timer = clock.after(patience, () => hangUp.abort())
      const seen = world.see('client', url, { signal: hangUp.signal })
      await clock.advance(patience)
      expect(await seen).toBe('timeout')
      timer[Symbol.dispose]()
      expect(world.lastLog('client')).toContain(' 0 DC downstream_remote_disconnect - ')
    }
    patience = Infinity
    expect(await world.tally(10, 'client', url)).toEqual({ '200 ok': 10 })
  })

  test('a host that takes longer than the route waits has failed', async () => {
    const clock = new ManualClock()
    servers([() => new Promise(() => {})], clock).objects.apply(
      rule('{outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100}}') + route('timeout: 1s'),
    )
    for (let call = 0; call < 2; call++) {
      const seen = world.see('client', url)
      await clock.advance(1000)
      expect(await seen).toBe('504 upstream request timeout')
    }
    expect(await world.see('client', url)).toBe('503 no healthy upstream')
  })

  test('an answer in between starts the count anew', async () => {
    let turn = 0
    const flaky: Program = () => answer(++turn % 3 === 0 ? 200 : 500, 'x')
    servers([flaky], new ManualClock()).objects.apply(
      rule('{outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}}'),
    )
    expect((await world.tally(30, 'client', url))['503 no healthy upstream']).toBeUndefined()
  })
})

describe('retries and timeouts', () => {
  /** Fails that many times, then serves. */
  function failing(times: number, status: number): { program: Program; calls: () => number } {
    let calls = 0
    const program: Program = () => answer(++calls > times ? 200 : status, '')
    return { program, calls: () => calls }
  }

  const table: [title: string, retries: string, failures: number, status: number, seen: number, calls: number][] = [
    ['503 is not retried by default', '', 1, 503, 503, 1],
    ['5xx retries', 'retries: {attempts: 3, retryOn: 5xx}', 2, 500, 200, 3],
    ['as often as it may', 'retries: {attempts: 2, retryOn: 5xx}', 9, 500, 500, 3],
    ['gateway-error leaves 500 alone', 'retries: {attempts: 3, retryOn: gateway-error}', 2, 500, 500, 1],
    ['gateway-error', 'retries: {attempts: 3, retryOn: "gateway-error,connect-failure"}', 2, 503, 200, 3],
    ['a status by its number', 'retries: {attempts: 1, retryOn: "429"}', 1, 429, 200, 2],
    ['attempts 0', 'retries: {attempts: 0, retryOn: 5xx}', 1, 500, 500, 1],
    [
      'no retries beside a fault',
      'fault: {delay: {fixedDelay: 1ms, percentage: {value: 0}}}, retries: {attempts: 3, retryOn: 5xx}',
      1,
      500,
      500,
      1,
    ],
  ]
  test.each(table)('%s', async (_, retries, failures, status, seen, calls) => {
    const server = failing(failures, status)
    servers([server.program])
    if (retries !== '') world.objects.apply(route(retries))
    expect((await world.answer('client', url)).status).toBe(seen)
    expect(server.calls()).toBe(calls)
  })

  test('a retry that does not help is told in the flags', async () => {
    servers([failing(9, 503).program]).objects.apply(route('retries: {attempts: 1, retryOn: 5xx}'))
    await world.answer('client', url)
    expect(world.lastLog('client')).toContain(' 503 URX via_upstream - ')
  })

  test('a refused connection is tried again elsewhere, and told when nothing listens anywhere', async () => {
    world = new World()
    world.pod('client')
    world.pod('deaf', { labels: { app: 'server' }, sidecar: false, listens: [] })
    world.pod('good', { labels: { app: 'server' }, sidecar: false })
    world.service('server')
    expect(await world.tally(20, 'client', url)).toEqual({ '200 good': 20 })
    world.pod('alone', { labels: { app: 'alone' }, sidecar: false, listens: [] })
    world.service('alone')
    expect(await world.see('client', 'http://alone/')).toBe(
      '503 upstream connect error or disconnect/reset before headers. retried and the latest reset reason: ' +
        'remote connection failure, transport failure reason: delayed connect error: Connection refused',
    )
    expect(world.lastLog('client')).toContain(
      ' 503 URX,UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused} - "delayed_connect_error:_Connection_refused" ',
    )
  })

  const hangs: Program = () => new Promise(() => {})

  test('a timeout answers 504 after its time', async () => {
    const clock = new ManualClock()
    servers([hangs], clock).objects.apply(route('timeout: 500ms'))
    const call = world.call('client', url)
    await clock.advance(499)
    expect(await Promise.race([call, Promise.resolve('waiting')])).toBe('waiting')
    await clock.advance(1)
    const outcome = await call
    expect(outcome).toMatchObject({
      ok: true,
      response: { status: 504, body: 'upstream request timeout' },
      milliseconds: 500,
    })
    expect(world.lastLog('client')).toContain(' 504 UT response_timeout - ')
  })

  test('a try that takes too long is tried again', async () => {
    const clock = new ManualClock()
    let calls = 0
    const program: Program = () => (++calls === 1 ? new Promise(() => {}) : answer(200, 'second'))
    servers([program], clock).objects.apply(
      route('retries: {attempts: 2, perTryTimeout: 1s, retryOn: "gateway-error"}'),
    )
    const call = world.see('client', url)
    await clock.advance(1100)
    expect(await call).toBe('200 second')
  })

  test('a delay holds the request back, and the log says DI', async () => {
    const clock = new ManualClock()
    servers([() => answer(200, 'ok')], clock).objects.apply(
      route('fault: {delay: {fixedDelay: 7s, percentage: {value: 100}}}, timeout: 1s'),
    )
    const call = world.call('client', url)
    await clock.advance(7000)
    expect(await call).toMatchObject({ ok: true, response: { status: 200 }, milliseconds: 7000 })
    expect(world.lastLog('client')).toContain(' 200 DI via_upstream - ')
  })
})

describe('load balancing over three', () => {
  const three: Program[] = [0, 1, 2].map((index) => () => answer(200, String(index)))
  const shares = async (policy: string, headers: [string, string][] = []): Promise<number[]> => {
    servers(three)
    if (policy !== '') world.objects.apply(rule(`{loadBalancer: ${policy}}`))
    return Object.values(await world.tally(300, 'client', url, { headers }))
  }

  test('ROUND_ROBIN gives each the same', async () => {
    expect(await shares('{simple: ROUND_ROBIN}')).toEqual([100, 100, 100])
  })
  test.each(['', '{simple: RANDOM}', '{simple: LEAST_REQUEST}'])('%s gives each about a third', async (policy) => {
    for (const share of await shares(policy)) expect(Math.abs(share - 100)).toBeLessThan(40)
  })
  test('a hash of a header keeps to one', async () => {
    expect(await shares('{consistentHash: {httpHeaderName: X-User}}', [['x-user', 'ann']])).toEqual([300])
  })
  test('a hash of the source keeps to one', async () => {
    expect(await shares('{consistentHash: {useSourceIp: true}}')).toEqual([300])
  })
  test('a cookie is made, and keeps to one', async () => {
    servers(three).objects.apply(rule('{loadBalancer: {consistentHash: {httpCookie: {name: sid, ttl: 60s, path: /}}}}'))
    const first = await world.answer('client', url)
    const cookie = headerOf(first, 'set-cookie') ?? ''
    expect(cookie).toMatch(/^sid="[0-9a-f]{16}"; Max-Age=60; Path=\/; HttpOnly$/)
    const headers: [string, string][] = [['cookie', cookie.split(';')[0] ?? '']]
    expect(await world.tally(50, 'client', url, { headers })).toEqual({ [`200 ${first.body}`]: 50 })
  })
})
