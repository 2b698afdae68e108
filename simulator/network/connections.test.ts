import { get, type IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from './testing/cluster.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster[Symbol.dispose]())

describe('the control plane calls a service', () => {
  const call = (name: string, signal = new AbortController().signal) =>
    cluster.network.callService({ namespace: 'default', name, path: '/inject' }, '{"kind":"AdmissionReview"}', signal)

  it('and gets the answer of a ready endpoint', async () => {
    const pod = cluster.pod({ name: 'hook', image: 'busybox', command: ['sleep', '1d'] })
    pod.network.listen(8443, ({ method, path, body }) => ({
      status: 200,
      headers: [],
      body: `${method} ${path} ${String(body)}`,
    }))
    cluster.service({ name: 'hook', clusterIP: '10.96.0.50', ports: [{ port: 443, targetPort: 8443 }], to: [pod] })
    expect(await call('hook')).toEqual({ status: 200, body: 'POST /inject {"kind":"AdmissionReview"}' })
  })

  it.each([
    ['missing', 'NO_SERVICE', 'service "missing" not found'],
    ['empty', 'NO_ENDPOINTS', 'no endpoints available for service "empty"'],
    ['closed', 'CONNECTION_FAILED', 'dial tcp 10.244.0.2:443: connect: connection refused'],
    ['plain', 'CONNECTION_FAILED', 'tls: first record does not look like a TLS handshake'],
  ])('%s: %s', async (name, code, message) => {
    const pod = cluster.pod({ name: 'web', image: 'nginx' })
    cluster.service({ name: 'empty', clusterIP: '10.96.0.51', ports: [{ port: 443 }], to: [] })
    cluster.service({ name: 'closed', clusterIP: '10.96.0.52', ports: [{ port: 443 }], to: [pod] })
    cluster.service({ name: 'plain', clusterIP: '10.96.0.53', ports: [{ port: 443, targetPort: 80 }], to: [pod] })
    await expect(call(name)).rejects.toMatchObject({ code, message })
  })

  it('and gives up at its deadline', async () => {
    const pod = cluster.pod({ name: 'slow', image: 'busybox', command: ['sleep', '1d'] })
    pod.network.listen(443, () => new Promise(() => {}))
    cluster.service({ name: 'slow', clusterIP: '10.96.0.54', ports: [{ port: 443 }], to: [pod] })
    const deadline = new AbortController()
    const work = call('slow', deadline.signal)
    deadline.abort()
    await expect(work).rejects.toMatchObject({ code: 'DEADLINE', message: 'context deadline exceeded' })
  })
})

describe('a connection of bytes, as port-forward makes it', () => {
  it('speaks HTTP with a program', async () => {
    cluster.pod({ name: 'httpbin', image: 'kennethreitz/httpbin' })
    const connection = await cluster.network.connect({ namespace: 'default', name: 'httpbin' }, 80)
    const answer = await ask(connection, '/anything?a=1')
    expect(answer.status).toBe(200)
    expect(answer.headers['server']).toBe('gunicorn/19.9.0')
    expect(JSON.parse(answer.body)).toMatchObject({ args: { a: '1' }, headers: { Host: 'localhost:8080' } })
  })

  it('reaches a program that listens on plain TCP', async () => {
    const pod = cluster.pod({ name: 'tcp', image: 'busybox', command: ['sleep', '1d'] })
    pod.network.listenTcp(9000, (far) => far.on('data', (chunk: Buffer) => far.end(chunk.toString().toUpperCase())))
    const connection = await pod.network.connect(9000)
    connection.write('hello')
    const chunks: Buffer[] = []
    for await (const chunk of connection) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toBe('HELLO')
  })

  it('is refused where nothing listens, and where no pod is', async () => {
    const pod = cluster.pod({ name: 'idle', image: 'busybox', command: ['sleep', '1d'] })
    await expect(pod.network.connect(80)).rejects.toThrow('connect: connection refused')
    await expect(cluster.network.connect({ namespace: 'default', name: 'gone' }, 80)).rejects.toThrow('default/gone')
  })
})

function ask(
  connection: Duplex,
  path: string,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(
      { createConnection: () => connection, path, headers: { host: 'localhost:8080' } },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    request.on('error', reject)
  })
}
