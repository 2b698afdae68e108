import { describe, expect, test } from 'vitest'
import { ManualClock, seededRandom, type HttpRequest, type HttpResponse, type KubeObject } from '../kubernetes/index.ts'
import type { HttpHandler, ProgramContext } from './program.ts'
import type { ProxyAdmin } from './proxy-admin.ts'
import { proxyImage } from './proxy.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: '1' },
} as unknown as KubeObject

function start(args: string[], env: Record<string, string> = {}) {
  const ending = new AbortController()
  const listening = new Map<number, HttpHandler>()
  const logs: string[] = []
  const called: HttpRequest[] = []
  const world = { configured: true, accessLog: undefined as ((line: string) => void) | undefined, app: 200 }
  const admin: ProxyAdmin = {
    isConfigured: () => world.configured,
    onAccessLog(_, listener) {
      world.accessLog = listener
      return { [Symbol.dispose]: () => {} }
    },
    stats: () => 'cluster.a.x: 1\ncluster.b.x: 2\n',
    prometheus: () => 'istio_requests_total{} 1\n',
    clusters: () => 'a::10.0.0.1:80::weight::1\n',
    certificates: () => ({ certificates: [] }),
    configDump: (_, { endpoints }) => ({ configs: [], endpoints }),
  }
  const context: Partial<ProgramContext> = {
    pod,
    args,
    env,
    command: [],
    log: (line) => void logs.push(line),
    listen(port, handler) {
      listening.set(port, handler)
      return { [Symbol.dispose]: () => void listening.delete(port) }
    },
    async call(request) {
      called.push(request)
      return { ok: true, response: { status: world.app, headers: [], body: 'app' }, milliseconds: 1 }
    },
    clock: new ManualClock(),
    random: seededRandom(1),
    signal: ending.signal,
  }
  const exit = proxyImage(admin).program(context as ProgramContext)
  const get = async (port: number, path: string): Promise<HttpResponse> => {
    const handler = listening.get(port)
    if (handler === undefined) throw new Error(`nothing listens on ${port}`)
    const request: HttpRequest = { method: 'GET', scheme: 'http', authority: 'localhost', path, headers: [], body: '' }
    return handler(request, { sourceIp: '127.0.0.1', signal: ending.signal })
  }
  return { exit, get, world, logs, called, listening, end: () => ending.abort() }
}

const sidecar = ['proxy', 'sidecar', '--domain', 'shop.svc.cluster.local']

test('istio-init ends at once with code 0', async () => {
  expect(await start(['istio-iptables', '-p', '15001']).exit).toBe(0)
})

describe('the sidecar', () => {
  test('is ready once a control plane has configured it, and stays so', async () => {
    const { get, world, logs } = start(sidecar)
    world.configured = false
    expect((await get(15_021, '/healthz/ready')).status).toBe(503)
    world.configured = true
    expect((await get(15_021, '/healthz/ready')).status).toBe(200)
    world.configured = false
    expect((await get(15_021, '/healthz/ready')).status).toBe(200)
    expect(logs.filter((line) => line.endsWith('Envoy proxy is ready'))).toHaveLength(1)
  })

  test('asks the program for a probe that injection has moved, on its own port and past the proxy', async () => {
    const probers = { '/app-health/web/readyz': { httpGet: { path: '/healthz', port: 8080 }, timeoutSeconds: 1 } }
    const { get, world, called } = start(sidecar, { ISTIO_KUBE_APP_PROBERS: JSON.stringify(probers) })
    expect((await get(15_020, '/app-health/web/readyz')).status).toBe(200)
    expect(called[0]).toMatchObject({ path: '/healthz', authority: 'localhost:8080' })
    world.app = 500
    expect((await get(15_020, '/app-health/web/readyz')).status).toBe(500)
    expect((await get(15_020, '/app-health/web/livez')).status).toBe(404)
  })

  const admin: [port: number, path: string, body: string][] = [
    [15_000, '/ready', 'LIVE\n'],
    [15_000, '/stats', 'cluster.a.x: 1\ncluster.b.x: 2\n'],
    [15_000, '/stats?filter=b%5C.x', 'cluster.b.x: 2\n'],
    [15_000, '/clusters', 'a::10.0.0.1:80::weight::1\n'],
    [15_000, '/config_dump', '{\n "configs": [],\n "endpoints": false\n}\n'],
    [15_000, '/config_dump?include_eds', '{\n "configs": [],\n "endpoints": true\n}\n'],
    [15_090, '/stats/prometheus', 'istio_requests_total{} 1\n'],
    [15_020, '/stats/prometheus', 'istio_requests_total{} 1\n'],
  ]
  test.each(admin)('answers on %i %s', async (port, path, body) => {
    expect((await start(sidecar).get(port, path)).body).toBe(body)
  })

  test('writes its access log and ends with code 0 when told to', async () => {
    const { world, logs, end, exit, listening } = start(sidecar)
    world.accessLog?.('a line')
    expect(logs).toContain('a line')
    end()
    expect(await exit).toBe(0)
    expect(listening.size).toBe(0)
  })
})
