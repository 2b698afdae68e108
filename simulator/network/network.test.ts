import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../kubernetes/index.ts'
import { TestCluster, type TestPod } from './testing/cluster.ts'

let cluster: TestCluster
let client: TestPod
let server: TestPod

beforeEach(() => {
  cluster = new TestCluster()
  client = cluster.pod({ name: 'client', image: 'curlimages/curl', args: ['sleep', 'infinity'] })
  server = cluster.pod({ name: 'web-0', namespace: 'production', image: 'nginx', labels: { app: 'web' } })
  const notReady = cluster.pod({ name: 'web-1', namespace: 'production', image: 'nginx' })
  const to = [server, { ...notReady, ready: false }]
  cluster.service({
    name: 'web',
    namespace: 'production',
    clusterIP: '10.96.0.20',
    ports: [{ port: 8080, targetPort: 80 }],
    to,
  })
  cluster.service({ name: 'closed', clusterIP: '10.96.0.21', ports: [{ port: 80, targetPort: 81 }], to: [server] })
  cluster.service({ name: 'empty', clusterIP: '10.96.0.22', ports: [{ port: 80 }], to: [] })
  cluster.service({ name: 'headless', ports: [{ port: 80 }], to: [{ ...server, hostname: 'web-0' }] })
  cluster.service({
    name: 'alias',
    ports: [],
    to: [],
    spec: { type: 'ExternalName', externalName: 'web.production.svc.cluster.local' },
  })
})

afterEach(() => cluster[Symbol.dispose]())

describe('cluster DNS, from a pod in default', () => {
  it.each([
    ['kubernetes', '10.96.0.1'],
    ['kubernetes.default', '10.96.0.1'],
    ['web.production', '10.96.0.20'],
    ['web.production.svc', '10.96.0.20'],
    ['web.production.svc.cluster.local', '10.96.0.20'],
    ['web.production.svc.cluster.local.', '10.96.0.20'],
    ['WEB.Production', '10.96.0.20'],
    ['alias', '10.96.0.20'],
    ['headless', '10.244.0.3'],
    ['web-0.headless.default.svc.cluster.local', '10.244.0.3'],
    ['10-244-0-3.production.pod.cluster.local', '10.244.0.3'],
    ['localhost', '127.0.0.1'],
    ['client', '10.244.0.2'],
    ['web', undefined],
    ['web.default', undefined],
    ['kubernetes.', undefined],
    ['example.com', undefined],
    ['10-244-0-3.nowhere.pod.cluster.local', undefined],
  ])('%s is %s', (name, address) => {
    expect(client.network.lookup(name)?.addresses[0]).toBe(address)
  })
})

describe('who reaches what', () => {
  const ask = (authority: string) =>
    client.network.call(
      { method: 'GET', scheme: 'http', authority, path: '/', headers: [], body: '' },
      { timeoutMilliseconds: 3000 },
    )

  it.each([
    ['a service by its name', 'web.production:8080', 200],
    ['a service by its virtual address', '10.96.0.20:8080', 200],
    ['a pod by its address', '10.244.0.3', 200],
    ['a headless service', 'headless', 200],
    ['an ExternalName service', 'alias:8080', 200],
  ])('%s answers', async (_, authority, status) => {
    expect(await ask(authority)).toMatchObject({ ok: true, response: { status } })
  })

  it.each([
    ['a name that nobody has', 'nowhere', 'dns'],
    ['a name outside the cluster', 'example.com', 'dns'],
    ['a port of the pod where nothing listens', '10.244.0.3:81', 'refused'],
    ['a service whose target port is closed', 'closed', 'refused'],
    ['a service without endpoints', 'empty', 'refused'],
    ['its own localhost, where nothing listens', 'localhost', 'refused'],
  ])('%s fails at once', async (_, authority, kind) => {
    expect(await ask(authority)).toMatchObject({ ok: false, failure: { kind } })
  })

  it.each([
    ['an address that no pod has', '10.244.9.9'],
    ['a port that the service does not have', 'web.production:9999'],
    ['an address outside the cluster', '198.51.100.1'],
  ])('%s gives no answer until the caller gives up', async (_, authority) => {
    const call = ask(authority)
    await (cluster.clock as ManualClock).advance(3000)
    expect(await call).toMatchObject({ ok: false, failure: { kind: 'timeout' }, milliseconds: 3000 })
  })

  it('takes a pod out of the network with its disposal, and gives its address back', async () => {
    server.stop()
    const call = ask('10.244.0.3')
    await (cluster.clock as ManualClock).advance(3000)
    expect(await call).toMatchObject({ ok: false, failure: { kind: 'timeout' } })
  })
})

describe('NetworkPolicy', () => {
  const policy = (spec: Record<string, unknown>): void =>
    void cluster.api.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'production' },
      spec,
    })
  const served = async (): Promise<boolean> => {
    const request = {
      method: 'GET',
      scheme: 'http' as const,
      authority: '10.244.0.3',
      path: '/',
      headers: [],
      body: '',
    }
    const call = client.network.call(request, { timeoutMilliseconds: 1000 })
    await (cluster.clock as ManualClock).advance(1000)
    return (await call).ok
  }
  const fromDefault = { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } }] }

  it.each([
    ['one that selects all and allows nothing drops', { podSelector: {} }, false],
    ['one that selects other pods changes nothing', { podSelector: { matchLabels: { app: 'other' } } }, true],
    ['one that allows the namespace lets through', { podSelector: {}, ingress: [fromDefault] }, true],
    [
      'one that allows another port drops',
      { podSelector: {}, ingress: [{ ...fromDefault, ports: [{ port: 81 }] }] },
      false,
    ],
    [
      'one that allows a range with the port lets through',
      { podSelector: {}, ingress: [{ ports: [{ port: 79, endPort: 90 }] }] },
      true,
    ],
    [
      'one that allows only pods of its own namespace drops',
      { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
      false,
    ],
    [
      'one that allows the address lets through',
      { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/24' } }] }] },
      true,
    ],
  ])('%s', async (_, spec, expected) => {
    policy(spec)
    expect(await served()).toBe(expected)
  })
})
