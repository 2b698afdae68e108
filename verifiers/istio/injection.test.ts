import { describe, expect, it } from 'vitest'
import type { Resource } from '../context.ts'
import { pod, verify } from '../testing/fake-context.ts'
import { injectionOn } from './injection-on.ts'
import { installed } from './installed.ts'
import { podsWithProxy, podsWithoutProxy } from './pods-with-proxy.ts'
import { proxyResources } from './proxy-resources.ts'
import { sameQuantity } from './quantity.ts'

const injected = { admitted: true as const, pod: pod('p', { proxy: 'ready' }) as never }
const plain = { admitted: true as const, pod: pod('p') as never }
const refused = { admitted: false as const, message: 'failed calling webhook' }

describe('istio/injection-on', () => {
  it.each([
    ['a proxy comes back', injected, 'met', 'injected'],
    ['no proxy comes back', plain, 'unmet', 'not-injected'],
    ['the pod is refused', refused, 'unmet', 'pod-refused'],
  ] as const)('%s', async (_title, dryRun, state, code) => {
    expect(await verify(injectionOn, { namespace: 'default' }, { dryRun })).toMatchObject({ state, code })
  })
})

describe('istio/installed', () => {
  const deployment = (name: string, status: string): Resource => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'istio-system' },
    status: { conditions: [{ type: 'Available', status }] },
  })
  const kinds = [
    'authorizationpolicies.security',
    'destinationrules.networking',
    'gateways.networking',
    'peerauthentications.security',
    'virtualservices.networking',
  ].map((name): Resource => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}.istio.io` },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  }))
  it.each([
    ['all there', [deployment('istiod', 'True'), ...kinds], injected, 'met', 'installed'],
    ['nothing there', [], plain, 'unmet', 'not-installed'],
    ['not Available', [deployment('istiod', 'False'), ...kinds], injected, 'unmet', 'not-available'],
    [
      'another deployment only',
      [deployment('istio-ingressgateway', 'True'), ...kinds],
      injected,
      'unmet',
      'not-available',
    ],
    ['a kind is missing', [deployment('istiod', 'True'), ...kinds.slice(1)], injected, 'unmet', 'kinds-missing'],
    ['the injector is silent', [deployment('istiod', 'True'), ...kinds], refused, 'unmet', 'injector-silent'],
  ] as const)('%s', async (_title, objects, dryRun, state, code) => {
    expect(await verify(installed, { deployments: ['istiod'] }, { objects: [...objects], dryRun })).toMatchObject({
      state,
      code,
    })
  })
})

describe('pods with and without a proxy', () => {
  const given = { namespace: 'shop', workloads: ['web', 'db'] }
  const shop = (web: 'ready' | 'unready' | 'none', db: 'ready' | 'unready' | 'none'): Resource[] => [
    pod('web-1', { namespace: 'shop', proxy: web }),
    pod('db-1', { namespace: 'shop', proxy: db }),
  ]
  it.each([
    ['both ready', podsWithProxy, shop('ready', 'ready'), 'met', 'all-have-proxies'],
    [
      'a bare pod of the workload’s name',
      podsWithProxy,
      [pod('web', { namespace: 'shop', proxy: 'ready' }), ...shop('ready', 'ready').slice(1)],
      'met',
      'all-have-proxies',
    ],
    [
      'a pod whose name only begins alike',
      podsWithProxy,
      [pod('website', { namespace: 'shop', proxy: 'ready' }), ...shop('ready', 'ready').slice(1)],
      'unmet',
      'no-pods',
    ],
    ['one from before the label', podsWithProxy, shop('ready', 'none'), 'unmet', 'without-proxy'],
    ['one not ready', podsWithProxy, shop('ready', 'unready'), 'unmet', 'proxy-not-ready'],
    ['one not there', podsWithProxy, shop('ready', 'ready').slice(1), 'unmet', 'no-pods'],
    ['none has one', podsWithoutProxy, shop('none', 'none'), 'met', 'none-has-a-proxy'],
    ['one has one', podsWithoutProxy, shop('none', 'ready'), 'unmet', 'has-proxy'],
    ['an empty namespace proves nothing', podsWithoutProxy, [], 'unmet', 'no-pods'],
  ] as const)('%s', async (_title, verifier, objects, state, code) => {
    expect(await verify(verifier, given, { objects: [...objects] })).toMatchObject({ state, code })
  })
})

describe('istio/proxy-resources', () => {
  const given = { namespace: 'shop', app: 'web', requests: { cpu: '50m' }, limits: { memory: '256Mi' } }
  const sized = (resources: unknown): Resource[] => {
    const one = pod('web-1', { namespace: 'shop', proxy: 'ready' })
    const spec = one.spec as { initContainers: { resources?: unknown }[] }
    spec.initContainers[0]!.resources = resources
    return [one]
  }
  it.each([
    ['as asked', sized({ requests: { cpu: '50m' }, limits: { memory: '256Mi' } }), 'met', 'proxy-sized'],
    [
      'the same amount in other words',
      sized({ requests: { cpu: '0.05' }, limits: { memory: '268435456' } }),
      'met',
      'proxy-sized',
    ],
    ['another request', sized({ requests: { cpu: '100m' }, limits: { memory: '256Mi' } }), 'unmet', 'other-resources'],
    ['no limit', sized({ requests: { cpu: '50m' } }), 'unmet', 'other-resources'],
    ['no proxy', [pod('web-1', { namespace: 'shop' })], 'unmet', 'without-proxy'],
    ['no pod', [], 'unmet', 'no-pods'],
  ] as const)('%s', async (_title, objects, state, code) => {
    expect(await verify(proxyResources, given, { objects: [...objects] })).toMatchObject({ state, code })
  })

  it.each([
    ['100m', '0.1', true],
    ['1Gi', '1024Mi', true],
    ['1G', '1Gi', false],
    ['64Mi', '64M', false],
    ['x', 'x', false],
  ])('%s and %s: %s', (a, b, same) => expect(sameQuantity(a, b)).toBe(same))
})
