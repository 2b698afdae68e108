import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallOutcome } from '../kubernetes/index.ts'
import type { Mesh } from '../mesh/contract.ts'
import { TestCluster, type TestPod } from './testing/cluster.ts'

/** A mesh that lets everything through and tells who called: what a proxy does is not this room's matter. */
const openMesh: Mesh = {
  outbound: ({ from, ip, port, request, signal }, fabric) => {
    const principal = `cluster.local/ns/${from.namespace}/sa/${from.serviceAccount}`
    return fabric.deliver({ ip, port }, { sourceIp: from.ip, tls: 'mutual', principal }, request, signal)
  },
  inbound: ({ connection, request }, _, serve): Promise<CallOutcome> =>
    connection.tls === 'mutual'
      ? serve({ ...request, headers: [...request.headers, ['x-principal', connection.principal ?? '']] })
      : Promise.resolve({
          ok: false,
          failure: { kind: 'reset', message: 'Connection reset by peer' },
          milliseconds: 0,
        }),
  gateway: () => Promise.resolve({ ok: true, response: { status: 404, headers: [], body: '' }, milliseconds: 0 }),
  onAccessLog: () => ({ [Symbol.dispose]: () => {} }),
}

let cluster: TestCluster
let server: TestPod

beforeEach(() => {
  cluster = new TestCluster({ mesh: openMesh })
  server = cluster.pod({ name: 'httpbin-0', image: 'kennethreitz/httpbin', sidecar: true })
  cluster.service({ name: 'httpbin', clusterIP: '10.96.0.30', ports: [{ port: 80 }], to: [server] })
  cluster.pod({
    name: 'frontend',
    image: 'curlimages/curl',
    args: ['sleep', '1d'],
    serviceAccount: 'frontend',
    sidecar: true,
  })
  cluster.pod({ name: 'starting', image: 'curlimages/curl', args: ['sleep', '1d'], ready: false })
})

afterEach(() => cluster[Symbol.dispose]())

describe('a probe', () => {
  it('goes out from a ready pod of the workload, through its sidecar', async () => {
    const from = { kind: 'workload', namespace: 'default', workload: 'frontend' } as const
    const result = await cluster.network.probe({ from, url: 'http://httpbin/headers', count: 3 })
    expect(result).toMatchObject({
      caller: 'frontend in default, with a sidecar',
      sidecar: true,
      answers: [{ count: 3, status: 200, body: expect.stringContaining('cluster.local/ns/default/sa/frontend') }],
    })
  })

  it('goes out from an identity that is no object, and leaves no trace', async () => {
    const before = cluster.api.list('pods').length
    const from = { kind: 'identity', namespace: 'grader', serviceAccount: 'default', sidecar: 'none' } as const
    const result = await cluster.network.probe({ from, url: 'http://httpbin.default/get', count: 2 })
    expect(result).toMatchObject({ sidecar: false, answers: [{ count: 2, failure: { kind: 'reset' } }] })
    expect(cluster.api.list('pods')).toHaveLength(before)
  })

  it('counts equal answers together, the most frequent first, and sends all of them', async () => {
    const from = { kind: 'workload', namespace: 'default', workload: 'frontend' } as const
    const url = 'http://httpbin/status/200:0.9,503:0.1'
    const result = await cluster.network.probe({ from, url, count: 2000, concurrency: 20 })
    if ('refusal' in result) throw new Error(result.message)
    expect(result.answers.map(({ status }) => status)).toEqual([200, 503])
    expect(result.answers.reduce((sum, { count }) => sum + count, 0)).toBe(2000)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const from = { kind: 'workload', namespace: 'default', workload: 'frontend' } as const
    const work = cluster.network.probe({ from, url: 'http://httpbin/get', count: 5000 }, stop.signal)
    stop.abort()
    const result = await work
    if ('refusal' in result) throw new Error(result.message)
    expect(result.answers.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(5000)
  })

  it.each([
    ['no-workload', 'nobody', 'There is no workload nobody in the namespace default.'],
    ['no-ready-pod', 'starting', 'No pod of starting in default is ready.'],
  ])('is refused with %s', async (refusal, workload, message) => {
    const from = { kind: 'workload', namespace: 'default', workload } as const
    expect(await cluster.network.probe({ from, url: 'http://httpbin/' })).toEqual({ refusal, message })
  })
})

describe('a pod with a sidecar', () => {
  it('is reached on localhost without it', async () => {
    const outcome = await server.network.call(request('localhost'))
    expect(outcome).toMatchObject({ ok: true, response: { status: 200 } })
  })

  it('refuses every connection while its proxy does not run', async () => {
    server.network.setProxyRunning(false)
    const other = cluster.pod({ name: 'other', image: 'busybox', command: ['sleep', '1d'] })
    expect(await other.network.call(request('httpbin'))).toMatchObject({ ok: false, failure: { kind: 'refused' } })
    expect(await server.network.call(request('httpbin'))).toMatchObject({ ok: false, failure: { kind: 'refused' } })
  })
})

function request(authority: string) {
  return { method: 'GET', scheme: 'http' as const, authority, path: '/get', headers: [], body: '' }
}
