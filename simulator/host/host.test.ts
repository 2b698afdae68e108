import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProbeResult } from '../../protocol/probe.ts'
import { askApi, HostProcess } from './testing/host-process.ts'

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } })
const configMaps = '/api/v1/namespaces/default/configmaps'
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'web', image: 'nginx' }] },
})

describe('the simulator host', () => {
  let host: HostProcess
  beforeAll(async () => {
    host = await HostProcess.make()
  })
  afterAll(() => host[Symbol.asyncDispose]())

  const untilRunning = async (cluster: Parameters<typeof askApi>[0], name: string): Promise<void> => {
    for (;;) {
      const { body } = await askApi<{ status?: { phase?: string } }>(
        cluster,
        'GET',
        `/api/v1/namespaces/default/pods/${name}`,
      )
      if (body.status?.phase === 'Running') return
    }
  }

  it('creates a cluster once, whoever asks how often', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => host.ask('POST', '/clusters', { id: 'once', seed: 7 })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201])
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect((await host.ask('GET', '/clusters')).body).toContainEqual(answers[0]?.body)
  })

  it.each<[string, object, number, string]>([
    ['an id that would leave the folder', { id: '../x' }, 400, 'BAD_REQUEST'],
    ['an id that is missing', {}, 400, 'BAD_REQUEST'],
    ['a field that nobody knows', { id: 'x', nodes: 3 }, 400, 'BAD_REQUEST'],
    ['a copy of nothing', { id: 'x', from: 'never' }, 404, 'CLUSTER_UNKNOWN'],
  ])('refuses %s', async (_, spec, status, code) => {
    expect(await host.ask('POST', '/clusters', spec)).toMatchObject({ status, body: { code } })
  })

  it('says that a port is taken, and makes the cluster when it is asked again without', async () => {
    const { port } = await host.create('once')
    expect(await host.ask('POST', '/clusters', { id: 'crowded', port })).toMatchObject({ body: { code: 'EADDRINUSE' } })
    expect(await host.ask('GET', '/clusters/crowded')).toMatchObject({ status: 404 })
    expect(await host.ask('POST', '/clusters', { id: 'crowded' })).toMatchObject({ status: 201 })
  })

  it('makes a cluster that begins with Istio, ready to inject, also after a reset', async () => {
    const cluster = await host.create('meshed', { istio: 'demo' })
    const injected = async () => {
      const spec = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'x', labels: { 'sidecar.istio.io/inject': 'true' } },
      }
      const body = { ...spec, spec: { containers: [{ name: 'web', image: 'nginx' }] } }
      const answer = await askApi<{ spec?: { initContainers?: { name: string }[] } }>(
        cluster,
        'POST',
        '/api/v1/namespaces/default/pods?dryRun=All',
        body,
      )
      return answer.body.spec?.initContainers?.map(({ name }) => name)
    }
    expect(await injected()).toContain('istio-proxy')
    await host.ask('POST', '/clusters/meshed/reset')
    expect(await injected()).toContain('istio-proxy')
  })

  it('begins a copy with the objects of another, and both go their own way', async () => {
    const original = await host.create('original')
    await askApi(original, 'POST', configMaps, configMap('shared'))
    const copy = await host.create('copy', { from: 'original' })
    expect(copy.port).not.toBe(original.port)
    expect(copy.tokens.learner).not.toBe(original.tokens.learner)
    await askApi(copy, 'POST', configMaps, configMap('own'))
    expect(await askApi(copy, 'GET', `${configMaps}/shared`)).toMatchObject({ status: 200 })
    expect(await askApi(original, 'GET', `${configMaps}/own`)).toMatchObject({ status: 404 })
  })

  it('sends probes through the cluster, and says why it could not', async () => {
    const cluster = await host.create('probed')
    await askApi(cluster, 'POST', '/api/v1/namespaces/default/pods', pod('web'))
    await askApi(cluster, 'POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    })
    await untilRunning(cluster, 'web')
    const from = { kind: 'identity', namespace: 'default', serviceAccount: 'default', sidecar: 'none' }
    const ask = () => host.ask<ProbeResult>('POST', '/clusters/probed/probe', { from, url: 'http://web/', count: 3 })
    let answer = await ask()
    // The pod may be Running a moment before it is an endpoint.
    while (answer.body.answers[0]?.status !== 200) answer = await ask()
    expect(answer).toMatchObject({ status: 200, body: { sidecar: false, answers: [{ count: 3, status: 200 }] } })
    const nobody = { kind: 'workload', namespace: 'default', workload: 'nobody' }
    expect(await host.ask('POST', '/clusters/probed/probe', { from: nobody, url: 'http://web/' })).toMatchObject({
      status: 409,
      body: { refusal: 'no-workload', message: expect.stringContaining('nobody') },
    })
  })

  it('tells changes, and ends the stream when the cluster is reset: what comes next is another cluster', async () => {
    const cluster = await host.create('watched')
    const changes = host.changes('watched')
    expect((await changes.next()).value).toEqual({ type: 'READY' })
    await askApi(cluster, 'POST', configMaps, configMap('told'))
    for await (const change of host.changes('never')) expect(change).toHaveProperty('code', 'CLUSTER_UNKNOWN')
    let change = await changes.next()
    while (change.value.name !== 'told') change = await changes.next()
    expect(change.value).toEqual({ type: 'ADDED', resource: 'configmaps', namespace: 'default', name: 'told' })
    const reset = host.ask('POST', '/clusters/watched/reset')
    while (!change.done) change = await changes.next()
    expect(await reset).toEqual({ status: 200, body: cluster })
    expect(await askApi(cluster, 'GET', `${configMaps}/told`)).toMatchObject({ status: 404 })
  })

  it('is asked about a cluster that is being reset, and answers when it is there again', async () => {
    const cluster = await host.create('busy')
    const answers = await Promise.all([
      host.ask('POST', '/clusters/busy/reset'),
      host.ask('GET', '/clusters/busy'),
      host.ask('POST', '/clusters', { id: 'busy' }),
      host.ask('POST', '/clusters/busy/reset'),
      host.ask('GET', '/clusters/busy'),
    ])
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: cluster })))
  })

  it('deletes a cluster with its folder, and says afterwards that there is none', async () => {
    await host.create('gone')
    expect(await host.ask('DELETE', '/clusters/gone')).toEqual({ status: 204, body: undefined })
    expect(existsSync(path.join(host.data, 'gone'))).toBe(false)
    for (const [method, url] of [
      ['GET', '/clusters/gone'],
      ['DELETE', '/clusters/gone'],
      ['POST', '/clusters/gone/reset'],
    ] as const)
      expect(await host.ask(method, url)).toMatchObject({ status: 404, body: { code: 'CLUSTER_UNKNOWN' } })
  })

  it('killed and started again, has all clusters with their ports, credentials and objects, and their pods run', async () => {
    const before = await host.create('kept')
    await askApi(before, 'POST', configMaps, configMap('kept'))
    await askApi(before, 'POST', '/api/v1/namespaces/default/pods', pod('web'))
    await untilRunning(before, 'web')
    const all = await host.ask<{ id: string }[]>('GET', '/clusters')
    // What is left of a cluster whose making was cut off: a folder that says nothing of itself.
    mkdirSync(path.join(host.data, 'half', 'state'), { recursive: true })
    writeFileSync(path.join(host.data, 'half', 'state', 'snapshot.jsonl'), '{"revi')
    expect(await host.end('SIGKILL')).toBe('SIGKILL')
    await host.start()
    const byId = (list: { id: string }[]) => list.toSorted((a, b) => a.id.localeCompare(b.id))
    expect(byId((await host.ask<{ id: string }[]>('GET', '/clusters')).body)).toEqual(byId(all.body))
    expect(await host.create('kept')).toEqual(before)
    expect(await askApi(before, 'GET', `${configMaps}/kept`)).toMatchObject({ status: 200, body: { data: { a: '1' } } })
    const { body } = await askApi<{ status: { containerStatuses: unknown[] } }>(
      before,
      'GET',
      '/api/v1/namespaces/default/pods/web',
    )
    expect(body.status.containerStatuses).toMatchObject([{ restartCount: 0, state: { running: {} } }])
    expect(await host.ask('POST', '/clusters', { id: 'half' })).toMatchObject({ status: 201 })
  })

  it('ends on SIGTERM with its streams open, and takes its socket away', async () => {
    const changes = host.changes('kept')
    await changes.next()
    expect(await host.end('SIGTERM')).toBe(0)
    expect(existsSync(host.socket)).toBe(false)
    for await (const change of changes) expect(change).toBeDefined()
    expect(host.output).not.toMatch(/Error/)
  })
})
