import { afterEach, describe, expect, test } from 'vitest'
import type { HttpRequest } from '../../kubernetes/index.ts'
import { headerOf, World } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

describe('the protocol of a port', () => {
  const abort = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: server}
spec: {hosts: [server], http: [{directResponse: {status: 418}}]}
`
  const table: [name: string, appProtocol: string | undefined, seen: string][] = [
    ['http', undefined, '418'],
    ['http-web', undefined, '418'],
    ['grpc', undefined, '418'],
    ['', undefined, '418'],
    ['web', undefined, '418'],
    ['tcp', undefined, '200 server'],
    ['tcp-web', undefined, '200 server'],
    ['redis', undefined, '200 server'],
    ['tcp', 'http', '418'],
    ['http', 'tcp', '200 server'],
  ]
  test.each(table)('named "%s", appProtocol %s', async (name, appProtocol, seen) => {
    world = new World()
    world.pod('client')
    world.pod('server', { labels: { app: 'server' } })
    world.service('server', 'default', [{ port: 8000, name, ...(appProtocol && { appProtocol }) }])
    world.objects.apply(abort)
    expect(await world.see('client', 'http://server:8000/')).toBe(seen)
  })
})

describe('egress', () => {
  const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}], resolution: DNS}
---
`
  const sidecar = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec: {egress: [{hosts: ["istio-system/*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
---
`
  const table: [title: string, mode: string, objects: string, url: string, seen: string][] = [
    ['ALLOW_ANY passes', 'ALLOW_ANY', '', 'http://api.example.com/', '200 outside'],
    ['ALLOW_ANY passes TLS', 'ALLOW_ANY', '', 'https://api.example.com/', '200 outside'],
    ['REGISTRY_ONLY blocks', 'REGISTRY_ONLY', '', 'http://api.example.com/', '502'],
    ['REGISTRY_ONLY cuts TLS', 'REGISTRY_ONLY', '', 'https://api.example.com/', 'tls'],
    [
      'REGISTRY_ONLY cuts a port that nobody speaks HTTP on',
      'REGISTRY_ONLY',
      '',
      'http://api.example.com:9999/',
      'reset',
    ],
    ['a ServiceEntry lets through', 'REGISTRY_ONLY', entry, 'http://api.example.com/', '200 outside'],
    ['and its TLS', 'REGISTRY_ONLY', entry, 'https://api.example.com/', '200 outside'],
    ['and no other host', 'REGISTRY_ONLY', entry, 'http://www.example.com/', '502'],
    ['services stay known', 'REGISTRY_ONLY', '', 'http://server/', '200 server'],
    ['a Sidecar hides what it does not list', 'ALLOW_ANY', sidecar, 'http://server/', '502'],
  ]
  test.each(table)('%s', async (_, mode, objects, url, seen) => {
    world = new World()
    world.pod('client')
    world.pod('server', { labels: { app: 'server' } })
    world.service('server')
    // A namespace that everyone may list keeps port 80 known as HTTP.
    world.pod('other', { namespace: 'istio-system', labels: { app: 'other' } })
    world.service('other', 'istio-system')
    world.meshConfig(`outboundTrafficPolicy: {mode: ${mode}}`)
    if (objects !== '') world.objects.apply(objects)
    expect(await world.see('client', url)).toBe(seen)
  })

  test('the log names PassthroughCluster', async () => {
    world = new World()
    world.pod('client')
    world.pod('server', { labels: { app: 'server' } })
    world.service('server')
    await world.see('client', 'http://api.example.com/')
    expect(world.lastLog('client')).toMatch(
      / 200 - via_upstream - .* "203\.0\.113\.10:80" PassthroughCluster .* - allow_any$/,
    )
  })
})

describe('a gateway', () => {
  const gateway = (servers: string, name = 'gw'): string =>
    `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: ${name}}\nspec: {selector: {istio: ingressgateway}, servers: [${servers}]}\n---\n`
  const http = '{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}'
  const route = (fields: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {${fields}, http: [{match: [{uri: {prefix: /shop}}], route: [{destination: {host: server, port: {number: 80}}}]}]}\n---\n`
  const bound = route('hosts: ["*"], gateways: [gw]')
  const url = 'http://istio-ingressgateway.istio-system/shop'
  const table: [title: string, objects: string, url: string, request: Partial<HttpRequest>, seen: string][] = [
    ['no Gateway: nobody listens', '', url, {}, 'refused'],
    ['no VirtualService', gateway(http), url, {}, '404'],
    ['a bound VirtualService', gateway(http) + bound, url, {}, '200 server'],
    ['no route for the path', gateway(http) + bound, url.replace('shop', 'x'), {}, '404'],
    ['a VirtualService of the mesh alone', gateway(http) + route('hosts: ["*"]'), url, {}, '404'],
    ['another Gateway’s', gateway(http) + route('hosts: ["*"], gateways: [other]'), url, {}, '404'],
    ['by its full name', gateway(http) + route('hosts: ["*"], gateways: [default/gw]'), url, {}, '200 server'],
    [
      'a host of the server',
      gateway(http.replace('"*"', 'shop.example.com')) + bound,
      url,
      { authority: 'shop.example.com' },
      '200 server',
    ],
    [
      'a host that the server does not have',
      gateway(http.replace('"*"', 'shop.example.com')) + bound,
      url,
      { authority: 'x.example.com' },
      '404',
    ],
    [
      'a host that the VirtualService does not have',
      gateway(http) + route('hosts: [shop.example.com], gateways: [gw]'),
      url,
      { authority: 'x.example.com' },
      '404',
    ],
    [
      'a server that only a namespace may bind to',
      gateway(http.replace('"*"', '"elsewhere/*"')) + bound,
      url,
      {},
      '404',
    ],
    ['httpsRedirect', gateway(http.replace('hosts', 'tls: {httpsRedirect: true}, hosts')) + bound, url, {}, '301'],
    [
      'an AuthorizationPolicy at the gateway',
      gateway(http) +
        bound +
        'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: istio-system}\nspec: {selector: {matchLabels: {istio: ingressgateway}}}',
      url,
      {},
      '403 RBAC: access denied',
    ],
    [
      'strict servers behind it',
      gateway(http) +
        bound +
        'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}',
      url,
      {},
      '200 server',
    ],
  ]
  test.each(table)('%s', async (_, objects, target, request, seen) => {
    ingress()
    if (objects !== '') world.objects.apply(objects)
    expect(await world.see('naked', target, request)).toBe(seen)
  })

  function ingress(): void {
    world = new World()
    world.pod('naked', { sidecar: false })
    world.pod('gateway', {
      namespace: 'istio-system',
      labels: { app: 'istio-ingressgateway', istio: 'ingressgateway' },
      gateway: true,
    })
    world.pod('server', { labels: { app: 'server' } })
    world.service('server')
    world.service('istio-ingressgateway', 'istio-system', [{ port: 80, targetPort: 8080, name: 'http2' }])
  }

  test('says istio-envoy, and passes the caller’s address on', async () => {
    ingress()
    world.objects.apply(gateway(http) + bound)
    const answer = await world.answer('naked', url)
    expect(headerOf(answer, 'server')).toBe('istio-envoy')
    expect(world.received[0]?.request.headers).toContainEqual(['x-forwarded-for', '10.244.0.10'])
    expect(world.lastLog('gateway')).toMatch(
      /"GET \/shop HTTP\/1\.1" 200 - via_upstream .* outbound\|80\|\|server\.default\.svc\.cluster\.local /,
    )
  })

  test('TLS needs its certificate in the gateway’s namespace', async () => {
    ingress()
    const https =
      '{port: {number: 80, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: cert}}'
    world.objects.apply(gateway(https) + bound)
    const target = url.replace(
      'http://istio-ingressgateway.istio-system/',
      'https://istio-ingressgateway.istio-system:80/',
    )
    expect(await world.see('naked', target)).toBe('tls')
    world.objects.apply('apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: istio-system}')
    expect(await world.see('naked', target)).toBe('200 server')
    expect(await world.see('naked', url)).toBe('reset')
  })
})

describe('what a call leaves behind', () => {
  function pair(): void {
    world = new World()
    world.pod('client', { labels: { app: 'client' } })
    world.pod('server', { labels: { app: 'server', version: 'v1' } })
    world.service('server', 'default', [{ port: 8000, targetPort: 80, name: 'http' }])
  }

  test('access logs on both sides, in Istio’s format', async () => {
    pair()
    await world.see('client', 'http://server:8000/status/200', { headers: [['x-request-id', 'id-1']] })
    expect(world.lastLog('client')).toMatch(
      /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "GET \/status\/200 HTTP\/1\.1" 200 - via_upstream - "-" 0 6 \d+ \d+ "-" "curl\/8\.5\.0" "id-1" "server:8000" "10\.244\.0\.11:80" outbound\|8000\|\|server\.default\.svc\.cluster\.local 10\.244\.0\.10:\d+ 10\.96\.0\.10:8000 10\.244\.0\.10:\d+ - default$/,
    )
    expect(world.lastLog('server')).toMatch(
      /^\[.+\] "GET \/status\/200 HTTP\/1\.1" 200 - via_upstream - "-" 0 6 \d+ \d+ "-" "curl\/8\.5\.0" "id-1" "server:8000" "10\.244\.0\.11:80" inbound\|80\|\| 127\.0\.0\.6:\d+ 10\.244\.0\.11:80 10\.244\.0\.10:\d+ outbound_\.8000_\._\.server\.default\.svc\.cluster\.local default$/,
    )
  })

  test('a refused plaintext connection is logged as NR', async () => {
    pair()
    world.pod('naked', { sidecar: false })
    world.objects.apply(
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p}\nspec: {mtls: {mode: STRICT}}',
    )
    await world.see('naked', 'http://server:8000/')
    expect(world.lastLog('server')).toMatch(/^\[.+\] "- - -" 0 NR filter_chain_not_found - "-" /)
  })

  test.each([
    ['accessLogFile: ""', 0],
    ['accessLogFile: /dev/stdout', 2],
  ])('%s: %i lines', async (config, lines) => {
    pair()
    world.meshConfig(config)
    await world.see('client', 'http://server:8000/')
    expect(world.logs).toHaveLength(lines)
  })

  test('JSON access logs', async () => {
    pair()
    world.meshConfig('accessLogFile: /dev/stdout\naccessLogEncoding: JSON')
    await world.see('client', 'http://server:8000/')
    expect(JSON.parse(world.lastLog('client'))).toMatchObject({
      response_code: 200,
      path: '/',
      route_name: 'default',
      response_flags: '-',
    })
  })

  test('the order of an answer’s headers is that of a real mesh', async () => {
    world = new World()
    world.pod('client')
    world.pod('server', { labels: { app: 'server' } })
    world.service('server')
    const order = async () => (await world.answer('client', 'http://server:80/')).headers.map(([name]) => name)
    expect(await order()).toEqual(['content-type', 'date', 'x-envoy-upstream-service-time', 'server'])
    world.objects.apply(
      '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: none}, spec: {}}',
    )
    // The server's proxy answers: its name is overwritten where it stands, and the time comes after it.
    expect((await order()).slice(-3)).toEqual(['date', 'server', 'x-envoy-upstream-service-time'])
  })

  test('headers: envoy in the mesh, istio-envoy to a naked caller', async () => {
    pair()
    world.pod('naked', { sidecar: false })
    const inside = await world.answer('client', 'http://server:8000/')
    const outside = await world.answer('naked', 'http://server:8000/')
    expect([headerOf(inside, 'server'), headerOf(outside, 'server')]).toEqual(['envoy', 'istio-envoy'])
    expect(headerOf(inside, 'x-envoy-upstream-service-time')).toMatch(/^\d+$/)
    expect(headerOf(inside, 'x-envoy-decorator-operation')).toBeUndefined()
    expect(headerOf(outside, 'x-envoy-decorator-operation')).toBe('server.default.svc.cluster.local:8000/*')
    const sent = world.received[0]?.request.headers.map(([name]) => name)
    expect(sent).toEqual(
      expect.arrayContaining(['x-request-id', 'x-forwarded-proto', 'x-envoy-attempt-count', 'x-forwarded-client-cert']),
    )
  })

  test('counters on both sides', async () => {
    pair()
    const before = Date.now()
    await world.tally(3, 'client', 'http://server:8000/')
    const seen = world.mesh.telemetry
      .requestsSince(before)
      .map(({ reporter, source, destination, service, code, mutualTls, count }) => ({
        reporter,
        source: source.workload,
        destination: destination.workload,
        service,
        code,
        mutualTls,
        count,
      }))
    const edge = {
      source: 'client',
      destination: 'server',
      service: 'server.default.svc.cluster.local',
      code: 200,
      mutualTls: true,
      count: 3,
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        { reporter: 'source', ...edge },
        { reporter: 'destination', ...edge },
      ]),
    )
    expect(seen).toHaveLength(2)
  })
})
