import { afterEach, describe, expect, test } from 'vitest'
import type { HttpRequest } from '../../kubernetes/index.ts'
import { headerOf, World } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

const destinationRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
    - {name: v9, labels: {version: v9}}
---
`

function bookinfo(seed = 1): World {
  world = new World({ seed })
  world.pod('client', { labels: { app: 'client' } })
  world.pod('stranger', { namespace: 'elsewhere' })
  for (const version of ['v1', 'v2', 'v3']) world.pod(`reviews-${version}`, { labels: { app: 'reviews', version } })
  world.pod('ratings', { labels: { app: 'ratings' } })
  world.service('reviews', 'default', [{ port: 9080, name: 'http' }])
  world.service('ratings', 'default', [{ port: 9080, name: 'http' }])
  world.objects.apply(destinationRule)
  return world
}

let count = 0
function virtualService(spec: string, namespace = 'default'): string {
  count += 1
  return `
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: vs${count}, namespace: ${namespace}}
spec: ${spec}
---
`
}

const to = (subset: string): string => `{destination: {host: reviews, subset: ${subset}}}`
const http = (routes: string, hosts = 'reviews'): string => virtualService(`{hosts: [${hosts}], http: [${routes}]}`)
const matched = (match: string): string => http(`{match: [${match}], route: [${to('v2')}]}, {route: [${to('v1')}]}`)
const url = 'http://reviews:9080/reviews/1?lang=en'
const [V1, V2] = ['200 reviews-v1', '200 reviews-v2']

describe('matches', () => {
  const table: [title: string, match: string, request: Partial<HttpRequest>, seen: string][] = [
    ['uri exact', '{uri: {exact: /reviews/1}}', {}, V2],
    ['uri exact is all of the path', '{uri: {exact: /reviews}}', {}, V1],
    ['uri prefix is a plain prefix of text', '{uri: {prefix: /rev}}', {}, V2],
    ['uri regex matches in full', '{uri: {regex: "/reviews/[0-9]+"}}', {}, V2],
    ['uri regex does not search', '{uri: {regex: "reviews"}}', {}, V1],
    ['uri minds case', '{uri: {prefix: /REVIEWS}}', {}, V1],
    ['ignoreUriCase', '{uri: {prefix: /REVIEWS}, ignoreUriCase: true}', {}, V2],
    ['header exact', '{headers: {end-user: {exact: jason}}}', { headers: [['end-user', 'jason']] }, V2],
    ['header values mind case', '{headers: {end-user: {exact: jason}}}', { headers: [['end-user', 'Jason']] }, V1],
    ['header names do not', '{headers: {End-User: {exact: jason}}}', { headers: [['end-user', 'jason']] }, V2],
    ['header absent', '{headers: {end-user: {exact: jason}}}', {}, V1],
    ['header prefix', '{headers: {end-user: {prefix: ja}}}', { headers: [['end-user', 'jane']] }, V2],
    ['header present', '{headers: {end-user: {}}}', { headers: [['end-user', 'x']] }, V2],
    ['header regex * is presence', '{headers: {end-user: {regex: "*"}}}', { headers: [['end-user', 'x']] }, V2],
    ['withoutHeaders, absent', '{withoutHeaders: {end-user: {exact: jason}}}', {}, V2],
    ['withoutHeaders, there', '{withoutHeaders: {end-user: {exact: jason}}}', { headers: [['end-user', 'jason']] }, V1],
    ['withoutHeaders, presence', '{withoutHeaders: {end-user: {}}}', { headers: [['end-user', 'x']] }, V1],
    ['query parameter', '{queryParams: {lang: {exact: en}}}', {}, V2],
    ['query parameter, other value', '{queryParams: {lang: {exact: de}}}', {}, V1],
    ['method', '{method: {exact: POST}}', { method: 'POST' }, V2],
    ['authority', '{authority: {exact: "reviews:9080"}}', {}, V2],
    ['scheme', '{scheme: {exact: http}}', {}, V2],
    ['port', '{port: 9080}', {}, V2],
    ['another port', '{port: 80}', {}, V1],
    ['source labels', '{sourceLabels: {app: client}}', {}, V2],
    ['source labels of another', '{sourceLabels: {app: other}}', {}, V1],
    ['source namespace', '{sourceNamespace: default}', {}, V2],
    ['fields of one entry AND', '{method: {exact: GET}, uri: {prefix: /x}}', {}, V1],
    ['entries OR', '{uri: {prefix: /x}}, {method: {exact: GET}}', {}, V2],
    ['gateways without mesh', '{gateways: [gw]}', {}, V1],
  ]
  test.each(table)('%s', async (_, match, request, seen) => {
    bookinfo().objects.apply(matched(match))
    expect(await world.see('client', url, request)).toBe(seen)
  })
})

describe('which VirtualService, which cluster', () => {
  const all = `{route: [${to('v2')}]}`
  const table: [title: string, objects: string, seen: string][] = [
    ['short host', http(all), V2],
    ['fully qualified host', http(all, 'reviews.default.svc.cluster.local'), V2],
    ['a name with one dot is no service', http(all, 'reviews.default') + http(`{route: [${to('v1')}]}`), V1],
    ['a wildcard', http(all, '"*.default.svc.cluster.local"'), V2],
    ['the oldest keeps the host', http(all) + http(`{route: [${to('v1')}]}`), V2],
    [
      'only for a gateway',
      virtualService(`{hosts: [reviews], gateways: [gw], http: [${all}]}`) + http(`{route: [${to('v1')}]}`),
      V1,
    ],
    ['for a gateway and the mesh', virtualService(`{hosts: [reviews], gateways: [gw, mesh], http: [${all}]}`), V2],
    [
      'exported nowhere near',
      virtualService(
        '{hosts: [reviews.default.svc.cluster.local], exportTo: ["."], http: [{route: [{destination: {host: ratings.default.svc.cluster.local}}]}]}',
        'elsewhere',
      ) + http(all),
      V2,
    ],
    ['another host', http('{route: [{destination: {host: ratings}}]}'), '200 ratings'],
    ['the first catch-all ends the list', http(`${all}, {match: [{uri: {prefix: /}}], route: [${to('v1')}]}`), V2],
    ['no route matches', http(`{match: [{uri: {prefix: /x}}], route: [${to('v1')}]}`), '404'],
    ['a subset that is not defined', http('{route: [{destination: {host: reviews, subset: v7}}]}'), '503'],
    ['a host that is not known', http('{route: [{destination: {host: nobody}}]}'), '503'],
    ['a subset without pods', http(`{route: [${to('v9')}]}`), '503 no healthy upstream'],
    ['redirect', http('{redirect: {uri: /other}}'), '301'],
    ['directResponse', http('{directResponse: {status: 418, body: {string: teapot}}}'), '418 teapot'],
    [
      'abort',
      http(`{fault: {abort: {httpStatus: 500, percentage: {value: 100}}}, route: [${to('v1')}]}`),
      '500 fault filter abort',
    ],
    ['abort without percentage is none', http(`{fault: {abort: {httpStatus: 500}}, route: [${to('v1')}]}`), V1],
    [
      'delegate',
      virtualService(
        '{hosts: [reviews], http: [{match: [{uri: {prefix: /reviews}}], delegate: {name: d, namespace: elsewhere}}, {directResponse: {status: 410}}]}',
      ) +
        'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: d, namespace: elsewhere}\nspec: {http: [{match: [{uri: {prefix: /reviews/1}}], route: [{destination: {host: reviews.default.svc.cluster.local, subset: v2}}]}]}',
      V2,
    ],
    [
      'a delegate that is missing leaves out its route',
      virtualService('{hosts: [reviews], http: [{delegate: {name: none}}, {directResponse: {status: 410}}]}'),
      '410',
    ],
  ]
  test.each(table)('%s', async (_, objects, seen) => {
    bookinfo().objects.apply(objects)
    expect(await world.see('client', url)).toBe(seen)
  })

  const flags: [title: string, objects: string, log: RegExp][] = [
    ['no route', http('{match: [{uri: {prefix: /x}}], redirect: {uri: /}}'), / 404 NR route_not_found - /],
    [
      'no cluster',
      http('{route: [{destination: {host: reviews, subset: v7}}]}'),
      / 503 NC cluster_not_found - .* outbound\|9080\|v7\|reviews\.default\.svc\.cluster\.local /,
    ],
    ['no pods', http(`{route: [${to('v9')}]}`), / 503 UH no_healthy_upstream - /],
    [
      'abort',
      http(`{fault: {abort: {httpStatus: 400, percentage: {value: 100}}}, route: [${to('v1')}]}`),
      / 400 FI fault_filter_abort - /,
    ],
    [
      'served',
      http(`{name: canary, route: [${to('v2')}]}`),
      / 200 - via_upstream - .* outbound\|9080\|v2\|reviews\.default\.svc\.cluster\.local .* - canary$/,
    ],
    [
      'no VirtualService',
      '',
      / 200 - via_upstream - .* outbound\|9080\|\|reviews\.default\.svc\.cluster\.local .* - default$/,
    ],
  ]
  test.each(flags)('the access log says: %s', async (_, objects, log) => {
    bookinfo()
    if (objects !== '') world.objects.apply(objects)
    await world.see('client', url)
    expect(world.lastLog('client')).toMatch(log)
  })
})

test('weights are drawn for each request, and nothing goes to who is not named', async () => {
  const seed = 42
  console.log(`seed ${seed}`)
  bookinfo(seed).objects.apply(
    http(
      `{match: [{headers: {end-user: {exact: jason}}}], route: [${to('v2')}]}, {route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]}`,
    ),
  )
  const seen = await world.tally(2000, 'client', url)
  expect(Object.keys(seen).toSorted()).toEqual([V1, V2])
  // 99.99 % of right splits lie within 200 +- 52.
  expect(seen[V2]).toBeGreaterThan(148)
  expect(seen[V2]).toBeLessThan(252)
  expect(await world.tally(200, 'client', url, { headers: [['end-user', 'jason']] })).toEqual({ [V2]: 200 })
})

test('percentages of faults are drawn for each request', async () => {
  bookinfo(7).objects.apply(http(`{fault: {abort: {httpStatus: 503, percentage: {value: 30}}}, route: [${to('v1')}]}`))
  const seen = await world.tally(1000, 'client', url)
  expect(seen['503 fault filter abort']).toBeGreaterThan(235)
  expect(seen['503 fault filter abort']).toBeLessThan(365)
})

describe('what a route changes', () => {
  test('headers of request and answer, at route and destination', async () => {
    bookinfo().objects.apply(
      http(
        `{headers: {request: {set: {x-a: "1"}, remove: [x-gone]}, response: {add: {x-answer: yes-it-is}}}, route: [{destination: {host: reviews, subset: v1}, headers: {request: {add: {x-b: "2"}}, response: {set: {content-type: text/html}}}}]}`,
      ),
    )
    const answer = await world.answer('client', url, { headers: [['x-gone', 'x']] })
    const [sent] = world.received
    expect(sent?.request.headers).toEqual(
      expect.arrayContaining([
        ['x-a', '1'],
        ['x-b', '2'],
      ]),
    )
    expect(sent?.request.headers.some(([name]) => name === 'x-gone')).toBe(false)
    expect(headerOf(answer, 'x-answer')).toBe('yes-it-is')
    expect(headerOf(answer, 'content-type')).toBe('text/html')
  })

  const rewrites: [title: string, route: string, path: string, authority: string][] = [
    ['a prefix', '{match: [{uri: {prefix: /reviews}}], rewrite: {uri: /v2}', '/v2/1?lang=en', 'reviews:9080'],
    ['a prefix to the root', '{match: [{uri: {prefix: /reviews}}], rewrite: {uri: /}', '/1?lang=en', 'reviews:9080'],
    ['an exact path', '{match: [{uri: {exact: /reviews/1}}], rewrite: {uri: /one}', '/one?lang=en', 'reviews:9080'],
    ['the authority', '{rewrite: {authority: other.example}', '/reviews/1?lang=en', 'other.example'],
    [
      'by expression',
      '{rewrite: {uriRegexRewrite: {match: "^/reviews/([0-9]+)$", rewrite: "/r-\\\\1"}}',
      '/r-1?lang=en',
      'reviews:9080',
    ],
  ]
  test.each(rewrites)('rewrite of %s', async (_, route, path, authority) => {
    bookinfo().objects.apply(http(`${route}, route: [${to('v1')}]}`))
    await world.see('client', url)
    expect(world.received[0]?.request).toMatchObject({ path, authority })
    expect(world.lastLog('client')).toContain('"GET /reviews/1?lang=en HTTP/1.1"')
  })

  test('a redirect keeps host and query', async () => {
    bookinfo().objects.apply(http('{redirect: {uri: /new, redirectCode: 308}}'))
    const answer = await world.answer('client', url)
    expect([answer.status, headerOf(answer, 'location')]).toEqual([308, 'http://reviews:9080/new?lang=en'])
  })

  test('a mirror gets a copy for host-shadow and its answer is nobody’s', async () => {
    bookinfo().objects.apply(http(`{route: [${to('v1')}], mirror: {host: ratings}}`))
    expect(await world.see('client', url)).toBe(V1)
    await new Promise((resolve) => setImmediate(resolve))
    const copy = world.received.find(({ pod }) => pod === 'ratings')
    expect(copy?.request.authority).toBe('reviews-shadow:9080')
  })

  test('CORS: a preflight is answered, an allowed origin is told so', async () => {
    bookinfo().objects.apply(
      http(
        `{corsPolicy: {allowOrigins: [{exact: "http://a"}], allowMethods: [GET, PUT], maxAge: 24h}, route: [${to('v1')}]}`,
      ),
    )
    const preflight = await world.answer('client', url, {
      method: 'OPTIONS',
      headers: [
        ['origin', 'http://a'],
        ['access-control-request-method', 'PUT'],
      ],
    })
    expect(preflight.status).toBe(200)
    expect(headerOf(preflight, 'access-control-allow-methods')).toBe('GET,PUT')
    expect(headerOf(preflight, 'access-control-max-age')).toBe('86400')
    const allowed = await world.answer('client', url, { headers: [['origin', 'http://a']] })
    expect(headerOf(allowed, 'access-control-allow-origin')).toBe('http://a')
    const other = await world.answer('client', url, { headers: [['origin', 'http://b']] })
    expect(headerOf(other, 'access-control-allow-origin')).toBeUndefined()
  })
})
