import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Headers, HttpResponse } from '../kubernetes/index.ts'
import { findImage } from '../programs/index.ts'
import { TestCluster, type TestPod } from './testing/cluster.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
})

afterEach(() => cluster[Symbol.dispose]())

async function ask(
  pod: TestPod,
  path: string,
  { port = 80, method = 'GET', headers = [] as Headers, body = '' } = {},
): Promise<HttpResponse> {
  const request = { method, scheme: 'http' as const, authority: `localhost:${port}`, path, headers, body }
  const outcome = await pod.network.call(request)
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.response
}

describe('an image', () => {
  it.each([
    'nginx',
    'nginx:1.29',
    'docker.io/library/nginx@sha256:abc',
    'docker.io/kennethreitz/httpbin',
    'mirror.example:5000/kennethreitz/httpbin:latest',
    'docker.io/istio/examples-bookinfo-reviews-v3:1.20.3',
    'registry.k8s.io/pause:3.10',
    'labwright/payments:1',
  ])('is known as %s', (image) => expect(findImage(image)).toBeDefined())

  it.each([
    'ngnix',
    'nginx/nginx-typo',
    'constructor',
    'docker.io/kennethreitz/httpbin2',
    'istio/examples-bookinfo-reviews-v9',
  ])('is not known as %s', (image) => expect(findImage(image)).toBeUndefined())
})

describe('httpbin', () => {
  it.each([
    ['/status/418', 418],
    ['/status/abc', 400],
    ['/nothing', 404],
    ['/post', 405],
    ['/redirect/1', 302],
    ['/basic-auth/a/b', 401],
  ])('answers GET %s with %i', async (path, status) => {
    const pod = cluster.pod({ name: 'httpbin', image: 'kennethreitz/httpbin' })
    expect((await ask(pod, path)).status).toBe(status)
  })

  it('writes header values plainly in Python and as lists in Go', async () => {
    const python = cluster.pod({ name: 'python', image: 'kennethreitz/httpbin' })
    const go = cluster.pod({ name: 'go', image: 'mccutchen/go-httpbin' })
    const headers: Headers = [['x-one', '1']]
    expect(JSON.parse(String((await ask(python, '/headers', { headers })).body))).toMatchObject({
      headers: { 'X-One': '1' },
    })
    const fromGo = await ask(go, '/headers', { headers, port: 8080 })
    expect(JSON.parse(String(fromGo.body))).toMatchObject({ headers: { 'X-One': ['1'] } })
  })

  it('listens where gunicorn is told to', async () => {
    const command = ['gunicorn', '-b', '0.0.0.0:8080', 'httpbin:app', '-k', 'gevent']
    const pod = cluster.pod({ name: 'httpbin', image: 'istio/httpbin', command })
    expect((await ask(pod, '/get', { port: 8080 })).status).toBe(200)
  })
})

describe('bookinfo', () => {
  const start = (version: string): TestPod => {
    const image = (name: string): string => `docker.io/istio/examples-bookinfo-${name}:1.20.3`
    const pods = {
      details: 'details-v1',
      ratings: 'ratings-v1',
      reviews: `reviews-${version}`,
      productpage: 'productpage-v1',
    }
    let page: TestPod | undefined
    for (const [index, [name, suffix]] of Object.entries(pods).entries()) {
      page = cluster.pod({ name: `${suffix}-0`, image: image(suffix) })
      cluster.service({ name, clusterIP: `10.96.1.${index + 1}`, ports: [{ port: 9080 }], to: [page] })
    }
    if (page === undefined) throw new Error('no pods')
    return page
  }

  it.each([
    ['v1', undefined],
    ['v2', { stars: 5, color: 'black' }],
    ['v3', { stars: 5, color: 'red' }],
  ])('reviews %s shows %j', async (version, rating) => {
    const page = start(version)
    const request = {
      method: 'GET',
      scheme: 'http' as const,
      authority: 'reviews:9080',
      path: '/reviews/0',
      headers: [],
      body: '',
    }
    const outcome = await page.network.call(request)
    const body = JSON.parse(outcome.ok ? String(outcome.response.body) : '{}') as {
      podname: string
      reviews: { rating?: unknown }[]
    }
    expect(body.podname).toBe(`reviews-${version}-0`)
    expect(body.reviews[0]?.rating).toEqual(rating)
  })

  it('says so when ratings cannot be reached', async () => {
    const page = start('v2')
    cluster.service({ name: 'ratings', clusterIP: '10.96.1.2', ports: [{ port: 9080 }], to: [] })
    const { body } = await ask(page, '/api/v1/products/0/reviews', { port: 9080 })
    expect(String(body)).toContain('Ratings service is currently unavailable')
  })

  it('productpage shows both parts, and hands the user on once someone signed in', async () => {
    const page = start('v3')
    const login = await ask(page, '/login', { port: 9080, method: 'POST', body: 'username=jason' })
    const cookie = login.headers.find(([name]) => name === 'set-cookie')?.[1]?.split(';')[0] ?? ''
    expect(cookie).toBe('session=jason')
    const { body } = await ask(page, '/productpage', { port: 9080, headers: [['cookie', cookie]] })
    expect(String(body)).toContain('<font color="red">')
    expect(String(body)).toContain('<dt>publisher</dt>')
    expect(String(body)).toContain('jason (<a href="logout">')
  })
})

describe("the labs' own images", () => {
  it('payments takes and lists payments', async () => {
    const pod = cluster.pod({ name: 'payments', image: 'labwright/payments:1', env: { VERSION: 'v2' } })
    const made = await ask(pod, '/payments', { port: 8080, method: 'POST', body: '{"amount":5}' })
    expect(made.status).toBe(201)
    expect(JSON.parse(String((await ask(pod, '/payments', { port: 8080 })).body))).toMatchObject({
      payments: [{}, { amount: 5 }],
    })
    expect(JSON.parse(String((await ask(pod, '/', { port: 8080 })).body))).toMatchObject({
      version: 'v2',
      pod: 'payments',
    })
  })

  it('flaky fails when it is told to, and recovers', async () => {
    const pod = cluster.pod({ name: 'flaky', image: 'labwright/flaky:1' })
    const status = async (): Promise<number> => (await ask(pod, '/', { port: 8080 })).status
    expect(await status()).toBe(200)
    await ask(pod, '/fail?status=502', { port: 8080 })
    expect(await status()).toBe(502)
    await ask(pod, '/recover', { port: 8080 })
    expect(await status()).toBe(200)
  })

  it('a taken port ends a program with its error in the log', async () => {
    const pod = cluster.pod({ name: 'nginx', image: 'nginx' })
    expect(() => pod.network.listen(80, () => ({ status: 200, headers: [], body: '' }))).toThrow(
      'bind: address already in use',
    )
  })
})
