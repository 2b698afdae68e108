import { afterEach, describe, expect, test } from 'vitest'
import { World } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

const peerAuthentication = (mode: string, extra = ''): string => `
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: ${mode}}${extra}}
`

const destinationRule = (mode: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: server, namespace: default}
spec: {host: server, trafficPolicy: {tls: {mode: ${mode}}}}
`

function reach(serverSidecar: boolean): World {
  world = new World()
  world.pod('client', { namespace: 'default', serviceAccount: 'client' })
  world.pod('naked', { sidecar: false })
  world.pod('server', { labels: { app: 'server' }, sidecar: serverSidecar })
  world.service('server')
  return world
}

const cut = '503 upstream connect error or disconnect/reset before headers. reset reason: connection termination'
const wrongVersion =
  '503 upstream connect error or disconnect/reset before headers. retried and the latest reset reason: ' +
  'remote connection failure, transport failure reason: ' +
  'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end'
const served = '200 server'

describe('a mesh client and a naked one call a server, by PeerAuthentication and the client’s DestinationRule', () => {
  // Source: Istio tests/integration/security/reachability_test.go.
  const table: [peer: string | undefined, rule: string | undefined, sidecar: boolean, mesh: string, naked: string][] = [
    [undefined, undefined, true, served, served],
    ['PERMISSIVE', undefined, true, served, served],
    ['STRICT', undefined, true, served, 'reset'],
    ['DISABLE', undefined, true, served, served],
    ['STRICT', 'ISTIO_MUTUAL', true, served, 'reset'],
    ['STRICT', 'DISABLE', true, cut, 'reset'],
    ['PERMISSIVE', 'DISABLE', true, served, served],
    ['PERMISSIVE', 'ISTIO_MUTUAL', true, served, served],
    ['DISABLE', 'ISTIO_MUTUAL', true, wrongVersion, served],
    ['DISABLE', 'DISABLE', true, served, served],
    ['UNSET', undefined, true, served, served],
    [undefined, undefined, false, served, served],
    ['STRICT', undefined, false, served, served],
    ['STRICT', 'ISTIO_MUTUAL', false, wrongVersion, served],
    ['STRICT', 'DISABLE', false, served, served],
  ]
  test.each(table)('%s, %s, server with sidecar %s', async (peer, rule, sidecar, mesh, naked) => {
    reach(sidecar)
    if (peer !== undefined) world.objects.apply(peerAuthentication(peer))
    if (rule !== undefined) world.objects.apply(destinationRule(rule))
    expect(await world.see('client', 'http://server/')).toBe(mesh)
    expect(await world.see('naked', 'http://server/')).toBe(naked)
  })
})

describe('PeerAuthentication levels', () => {
  const policy = (name: string, namespace: string, spec: string): string =>
    `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}\n---\n`
  const strict = '{mtls: {mode: STRICT}}'
  const table: [title: string, policies: string, naked: string][] = [
    ['mesh-wide STRICT', policy('m', 'istio-system', strict), 'reset'],
    [
      'namespace PERMISSIVE over mesh STRICT',
      policy('m', 'istio-system', strict) + policy('n', 'default', '{mtls: {mode: PERMISSIVE}}'),
      served,
    ],
    [
      'namespace UNSET inherits mesh STRICT',
      policy('m', 'istio-system', strict) + policy('n', 'default', '{mtls: {mode: UNSET}}'),
      'reset',
    ],
    ['STRICT in another namespace', policy('n', 'elsewhere', strict), served],
    [
      'workload STRICT',
      policy('w', 'default', '{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}}'),
      'reset',
    ],
    [
      'a selector that matches nothing',
      policy('w', 'default', '{selector: {matchLabels: {app: other}}, mtls: {mode: STRICT}}'),
      served,
    ],
    [
      'a selector in the root namespace',
      policy('w', 'istio-system', '{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}}'),
      served,
    ],
    [
      'port PERMISSIVE over workload STRICT, by container port',
      policy(
        'w',
        'default',
        '{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}',
      ),
      served,
    ],
    [
      'port by service port has no effect',
      policy(
        'w',
        'default',
        '{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}, portLevelMtls: {80: {mode: PERMISSIVE}}}',
      ),
      'reset',
    ],
    [
      'port UNSET inherits',
      policy(
        'w',
        'default',
        '{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: UNSET}}}',
      ),
      'reset',
    ],
    [
      'the oldest of a namespace wins',
      policy('a', 'default', '{mtls: {mode: PERMISSIVE}}') + policy('b', 'default', strict),
      served,
    ],
  ]
  test.each(table)('%s', async (_, policies, naked) => {
    reach(true)
    world.objects.apply(policies)
    expect(await world.see('naked', 'http://server/')).toBe(naked)
    expect(await world.see('client', 'http://server/')).toBe(served)
  })
})

test('a call to a pod’s address is plaintext, so STRICT cuts it off', async () => {
  reach(true).objects.apply(peerAuthentication('STRICT'))
  const ip = world.pod('other', { labels: { app: 'other' } }).ip
  expect(await world.see('client', `http://${ip}:8080/`)).toBe('reset')
})

test('mTLS shows the server who called; a header of the caller’s own does not', async () => {
  reach(true)
  await world.see('client', 'http://server/', { headers: [['x-forwarded-client-cert', 'forged']] })
  await world.see('naked', 'http://server/', { headers: [['x-forwarded-client-cert', 'forged']] })
  const seen = world.received.map(({ request }) =>
    request.headers.filter(([name]) => name === 'x-forwarded-client-cert'),
  )
  expect(seen[0]?.map(([, value]) => value)).toEqual([
    expect.stringMatching(
      /^By=spiffe:\/\/cluster\.local\/ns\/default\/sa\/default;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster\.local\/ns\/default\/sa\/client$/,
    ),
  ])
  expect(seen[1]).toEqual([])
})

test('while no istiod is ready, proxies keep what they know', async () => {
  reach(true)
  expect(await world.see('naked', 'http://server/')).toBe(served)
  world.setIstiodReady(false)
  world.objects.apply(peerAuthentication('STRICT'))
  expect(await world.see('naked', 'http://server/')).toBe(served)
  world.setIstiodReady(true)
  expect(await world.see('naked', 'http://server/')).toBe('reset')
  world.objects.remove('PeerAuthentication', 'default', 'default')
  expect(await world.see('naked', 'http://server/')).toBe(served)
})

test('what is left out of includeInboundPorts passes the proxy by, STRICT or not', async () => {
  reach(true)
  const annotations = { 'traffic.sidecar.istio.io/includeInboundPorts': '9090' }
  world.pod('open', { labels: { app: 'open' }, annotations })
  world.service('open')
  world.objects.apply(peerAuthentication('STRICT'))
  expect(await world.see('naked', 'http://server/')).toBe('reset')
  expect(await world.see('naked', 'http://open/')).toBe('200 open')
})
