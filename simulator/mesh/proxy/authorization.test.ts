import { afterEach, describe, expect, test } from 'vitest'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { HttpRequest } from '../../kubernetes/index.ts'
import { World } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

const DENIED = '403 RBAC: access denied'
const SERVED = '200 payments'

/** frontend and other in default, both in the mesh; naked without a sidecar; payments in production. */
function shop(
  port: { port: number; targetPort: number; name: string } = { port: 80, targetPort: 8080, name: 'http' },
): World {
  world = new World()
  world.pod('frontend', { serviceAccount: 'frontend', labels: { app: 'frontend' } })
  world.pod('other', { serviceAccount: 'other' })
  world.pod('naked', { sidecar: false })
  world.pod('payments', { namespace: 'production', labels: { app: 'payments' } })
  world.service('payments', 'production', [port])
  return world
}

let count = 0
function policy(spec: string, namespace = 'production', more = ''): string {
  count += 1
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p${count}, namespace: ${namespace}${more}}
spec: ${spec}
---
`
}

const fromFrontend = '{principals: ["cluster.local/ns/default/sa/frontend"]}'
const get = 'http://payments.production/orders/7?x=1'
const allow = (source: string, operation = '{}'): string =>
  `{action: ALLOW, rules: [{from: [{source: ${source}}], to: [{operation: ${operation}}]}]}`
const deny = (rules: string): string => `{action: DENY, rules: ${rules}}`

describe('who may GET /orders/7', () => {
  const table: [title: string, policies: string, frontend: string, other: string, naked: string][] = [
    ['no policy', '', SERVED, SERVED, SERVED],
    ['an empty spec denies all', policy('{}'), DENIED, DENIED, DENIED],
    ['ALLOW without rules denies all', policy('{action: ALLOW}'), DENIED, DENIED, DENIED],
    ['ALLOW with an empty rule allows all', policy('{rules: [{}]}'), SERVED, SERVED, SERVED],
    ['DENY without rules denies nothing', policy('{action: DENY}'), SERVED, SERVED, SERVED],
    ['DENY with an empty rule denies all', policy(deny('[{}]')), DENIED, DENIED, DENIED],
    ['deny-all and allow-frontend', policy('{}') + policy(allow(fromFrontend)), SERVED, DENIED, DENIED],
    [
      'a principal with spiffe://',
      policy(allow('{principals: ["spiffe://cluster.local/ns/default/sa/frontend"]}')),
      DENIED,
      DENIED,
      DENIED,
    ],
    ['a principal by prefix', policy(allow('{principals: ["cluster.local/ns/default/*"]}')), SERVED, SERVED, DENIED],
    ['a principal by suffix', policy(allow('{principals: ["*/sa/frontend"]}')), SERVED, DENIED, DENIED],
    ['any principal', policy(allow('{principals: ["*"]}')), SERVED, SERVED, DENIED],
    ['a namespace', policy(allow('{namespaces: ["default"]}')), SERVED, SERVED, DENIED],
    ['another namespace', policy(allow('{namespaces: ["production"]}')), DENIED, DENIED, DENIED],
    [
      'a service account of the policy’s namespace',
      policy(allow('{serviceAccounts: ["frontend"]}')),
      DENIED,
      DENIED,
      DENIED,
    ],
    [
      'a service account with its namespace',
      policy(allow('{serviceAccounts: ["default/frontend"]}')),
      SERVED,
      DENIED,
      DENIED,
    ],
    [
      'DENY notPrincipals hits plaintext too',
      policy(deny(`[{from: [{source: {notPrincipals: ["cluster.local/ns/default/sa/frontend"]}}]}]`)),
      SERVED,
      DENIED,
      DENIED,
    ],
    [
      'DENY comes before ALLOW',
      policy(allow(fromFrontend)) + policy(deny(`[{from: [{source: ${fromFrontend}}]}]`)),
      DENIED,
      DENIED,
      DENIED,
    ],
    ['methods of an ALLOW', policy(allow(fromFrontend, '{methods: ["GET", "POST"]}')), SERVED, DENIED, DENIED],
    ['methods in lower case match nothing', policy(allow(fromFrontend, '{methods: ["get"]}')), DENIED, DENIED, DENIED],
    ['a path without query', policy(allow(fromFrontend, '{paths: ["/orders/7"]}')), SERVED, DENIED, DENIED],
    ['a path by prefix', policy(allow(fromFrontend, '{paths: ["/orders/*"]}')), SERVED, DENIED, DENIED],
    ['a path by template', policy(allow(fromFrontend, '{paths: ["/orders/{*}"]}')), SERVED, DENIED, DENIED],
    ['a path by an unbounded template', policy(allow(fromFrontend, '{paths: ["/{**}/7"]}')), SERVED, DENIED, DENIED],
    ['a template is one segment', policy(allow(fromFrontend, '{paths: ["/{*}"]}')), DENIED, DENIED, DENIED],
    ['notPaths', policy(allow(fromFrontend, '{notPaths: ["/orders/*"]}')), DENIED, DENIED, DENIED],
    ['a host', policy(allow(fromFrontend, '{hosts: ["Payments.Production"]}')), SERVED, DENIED, DENIED],
    ['the container port', policy(allow(fromFrontend, '{ports: ["8080"]}')), SERVED, DENIED, DENIED],
    ['not the service port', policy(allow(fromFrontend, '{ports: ["80"]}')), DENIED, DENIED, DENIED],
    ['an address block', policy(allow('{ipBlocks: ["10.244.0.0/16"]}')), SERVED, SERVED, SERVED],
    ['one address (the second pod’s)', policy(allow('{ipBlocks: ["10.244.0.11"]}')), DENIED, SERVED, DENIED],
    ['a root namespace policy', policy('{}', 'istio-system'), DENIED, DENIED, DENIED],
    ['a policy of another namespace', policy('{}', 'default'), SERVED, SERVED, SERVED],
    ['a selector that fits', policy('{selector: {matchLabels: {app: payments}}}'), DENIED, DENIED, DENIED],
    ['a selector that does not', policy('{selector: {matchLabels: {app: reviews}}}'), SERVED, SERVED, SERVED],
    ['dry run', policy('{}', 'production', ', annotations: {istio.io/dry-run: "true"}'), SERVED, SERVED, SERVED],
    ['AUDIT decides nothing', policy('{action: AUDIT, rules: [{}]}'), SERVED, SERVED, SERVED],
    [
      'CUSTOM of an unknown provider denies what it matches',
      policy('{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: ["/orders/*"]}}]}]}'),
      DENIED,
      DENIED,
      DENIED,
    ],
    [
      'CUSTOM that does not match',
      policy('{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: ["/admin"]}}]}]}'),
      SERVED,
      SERVED,
      SERVED,
    ],
    [
      'when source.namespace',
      policy('{rules: [{when: [{key: source.namespace, values: ["default"]}]}]}'),
      SERVED,
      SERVED,
      DENIED,
    ],
    [
      'when source.principal, negated',
      policy('{rules: [{when: [{key: source.principal, notValues: ["*/sa/other"]}]}]}'),
      SERVED,
      DENIED,
      SERVED,
    ],
    [
      'when destination.port',
      policy('{rules: [{when: [{key: destination.port, values: ["8080"]}]}]}'),
      SERVED,
      SERVED,
      SERVED,
    ],
    [
      'when a header',
      policy('{rules: [{when: [{key: "request.headers[X-Token]", values: ["a*"]}]}]}'),
      DENIED,
      DENIED,
      DENIED,
    ],
    [
      'when the SNI',
      policy('{rules: [{when: [{key: connection.sni, values: ["outbound_.80_._.*"]}]}]}'),
      SERVED,
      SERVED,
      DENIED,
    ],
    [
      'from AND to AND when',
      policy(
        `{rules: [{from: [{source: ${fromFrontend}}], to: [{operation: {methods: [GET]}}], when: [{key: source.namespace, values: [nowhere]}]}]}`,
      ),
      DENIED,
      DENIED,
      DENIED,
    ],
    [
      'one of two rules is enough',
      policy(`{rules: [{to: [{operation: {methods: [PUT]}}]}, {from: [{source: ${fromFrontend}}]}]}`),
      SERVED,
      DENIED,
      DENIED,
    ],
  ]
  test.each(table)('%s', async (_, policies, frontend, other, naked) => {
    shop()
    if (policies !== '') world.objects.apply(policies)
    const seen = await Promise.all(['frontend', 'other', 'naked'].map((from) => world.see(from, get)))
    expect(seen).toEqual([frontend, other, naked])
  })
})

test('the lesson’s pair of policies lets GET and POST of frontend pass and DELETE not', async () => {
  shop().objects.apply(policy('{}') + policy(allow(fromFrontend, '{methods: ["GET", "POST"]}')))
  const seen = await Promise.all(['GET', 'POST', 'DELETE'].map((method) => world.see('frontend', get, { method })))
  expect(seen).toEqual([SERVED, SERVED, DENIED])
})

test('a denial is 403 with 19 bytes, and both logs say so', async () => {
  shop().objects.apply(policy(deny('[{to: [{operation: {methods: ["GET"]}}]}]')))
  const { status, body, headers } = await world.answer('frontend', get)
  expect([status, body]).toEqual([403, 'RBAC: access denied'])
  expect(headers).toContainEqual(['content-length', '19'])
  expect(world.lastLog('payments')).toMatch(
    /"GET \/orders\/7\?x=1 HTTP\/1\.1" 403 - rbac_access_denied_matched_policy\[ns\[production\]-policy\[p\d+\]-rule\[0\]\] - "-" 0 19 /,
  )
  expect(world.lastLog('frontend')).toMatch(
    / 403 - via_upstream - "-" 0 19 .* outbound\|80\|\|payments\.production\.svc\.cluster\.local /,
  )
})

describe('on a port that is named tcp, HTTP fields cannot be read', () => {
  const table: [title: string, policies: string, seen: string][] = [
    ['no policy', '', SERVED],
    ['ALLOW by port', policy('{rules: [{to: [{operation: {ports: ["9000"]}}]}]}'), SERVED],
    [
      'ALLOW by method is no rule, so nothing is allowed',
      policy('{rules: [{to: [{operation: {methods: [GET]}}]}]}'),
      'empty',
    ],
    [
      'DENY by method and other port loses the method',
      policy(deny('[{to: [{operation: {methods: [GET], ports: ["1"]}}]}]')),
      SERVED,
    ],
    [
      'DENY by method and this port denies all of it',
      policy(deny('[{to: [{operation: {methods: [PUT], ports: ["9000"]}}]}]')),
      'empty',
    ],
    ['ALLOW by principal', policy(allow(fromFrontend)), SERVED],
    ['ALLOW by another principal', policy(allow('{principals: ["cluster.local/ns/default/sa/other"]}')), 'empty'],
  ]
  test.each(table)('%s', async (_, policies, seen) => {
    shop({ port: 9000, targetPort: 9000, name: 'tcp-pay' })
    if (policies !== '') world.objects.apply(policies)
    expect(await world.see('frontend', 'http://payments.production:9000/')).toBe(seen)
  })
})

describe('RequestAuthentication', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] })
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (claims: Record<string, unknown>): string => {
    const text = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}`
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
  }
  const bearer = (value: string): Partial<HttpRequest> => ({ headers: [['authorization', `Bearer ${value}`]] })
  const claims = { iss: 'me', sub: 'ann', groups: ['a', 'b'] }
  const rules = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: production}
spec: {jwtRules: [{issuer: me, jwks: '${jwks}'}]}
---
`
  const principal = policy(deny('[{from: [{source: {notRequestPrincipals: ["*"]}}]}]'))
  const group = policy('{rules: [{when: [{key: "request.auth.claims[groups]", values: ["b"]}]}]}')
  const table: [title: string, policies: string, request: Partial<HttpRequest>, seen: string][] = [
    ['no token is let in', rules, {}, SERVED],
    ['a good token', rules, bearer(token(claims)), SERVED],
    [
      'not a token',
      rules,
      bearer('nonsense'),
      '401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
    ],
    ['another issuer', rules, bearer(token({ ...claims, iss: 'you' })), '401 Jwt issuer is not configured'],
    ['too old', rules, bearer(token({ ...claims, exp: 1000 })), '401 Jwt is expired'],
    ['a forged one', rules, bearer(`${token(claims).slice(0, -8)}AAAAAAAA`), '401 Jwt verification fails'],
    ['no token where one is demanded', rules + principal, {}, DENIED],
    ['a token where one is demanded', rules + principal, bearer(token(claims)), SERVED],
    ['a claim in a list', rules + group, bearer(token(claims)), SERVED],
    ['a claim that is missing', rules + group, bearer(token({ ...claims, groups: ['a'] })), DENIED],
  ]
  test.each(table)('%s', async (_, objects, request, seen) => {
    shop().objects.apply(objects)
    expect(await world.see('frontend', get, request)).toBe(seen)
  })
})
