import { describe, expect, it } from 'vitest'
import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import type { Resource } from '../context.ts'
import { denied, failedWith, served, verify } from '../testing/fake-context.ts'
import { deniedByDefault } from './denied-by-default.ts'
import { onlyAllowed } from './only-allowed.ts'

const url = 'http://payments.production/'
const other = { namespace: 'default', serviceAccount: 'default' }
const policy = (spec: unknown): Resource => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'p', namespace: 'production' },
  spec,
})

describe('istio/denied-by-default', () => {
  const given = { url, namespace: 'production', identities: [other] }
  it.each([
    ['403 by the proxy', () => [denied(10)], 'met', 'denied'],
    ['served', () => [served(10)], 'unmet', 'served'],
    [
      'served with POST only',
      ({ method }: ProbeRequest) => (method === 'POST' ? [served(10)] : [denied(10)]),
      'unmet',
      'served',
    ],
    ['a 403 of the program', () => [{ count: 10, status: 403, body: 'go away' }], 'unmet', 'other-refusal'],
    [
      'cut off for want of a sidecar',
      () => ({ sidecar: false, answers: [failedWith('reset', 10)] }),
      'unmet',
      'no-sidecar',
    ],
    ['no endpoints', () => [failedWith('refused', 10)], 'unmet', 'no-endpoints'],
    [
      'no pod may be made',
      () => ({ refusal: 'injection-failed' as const, message: 'istiod is away' }),
      'unmet',
      'injection-failed',
    ],
  ] as const)('%s', async (_title, probe, state, code) => {
    expect(await verify(deniedByDefault, given, { probe })).toMatchObject({ state, code })
  })

  it.each([
    ['no policy', [], 'There is no AuthorizationPolicy.'],
    ['an empty DENY', [policy({ action: 'DENY' })], 'denies nothing'],
    ['a rule without from', [policy({ rules: [{ to: [] }] })], 'has a rule without `from`'],
  ])('explains %s', async (_title, objects, words) => {
    expect((await verify(deniedByDefault, given, { objects, probe: () => [served(10)] })).reason).toContain(words)
  })
})

describe('istio/only-allowed', () => {
  const given = {
    url,
    namespace: 'production',
    caller: { namespace: 'default', workload: 'frontend' },
    methods: ['GET', 'POST'],
    refusedMethods: ['DELETE'],
    refused: other,
  }
  const world =
    (answers: Partial<Record<'GET' | 'POST' | 'DELETE' | 'other', ProbeAnswer>>) =>
    ({ from, method }: ProbeRequest): ProbeAnswer[] => [
      (from.kind === 'identity' ? answers.other : answers[method as 'GET']) ??
        (from.kind === 'identity' || method === 'DELETE' ? denied(10) : served(10)),
    ]
  it.each([
    ['GET and POST served, all else refused', world({}), 'met', 'only-allowed'],
    ['POST refused', world({ POST: denied(10) }), 'unmet', 'refused'],
    ['DELETE served', world({ DELETE: served(10) }), 'unmet', 'served'],
    ['another account served', world({ other: served(10) }), 'unmet', 'served'],
    [
      'DELETE refused by the program',
      world({ DELETE: { count: 10, status: 405, body: '' } }),
      'unmet',
      'other-refusal',
    ],
    ['frontend without a proxy', () => ({ sidecar: false, answers: [failedWith('reset', 10)] }), 'unmet', 'no-sidecar'],
    ['no frontend', () => ({ refusal: 'no-workload' as const, message: 'none' }), 'unmet', 'no-workload'],
  ])('%s', async (_title, probe, state, code) => {
    expect(await verify(onlyAllowed, given, { probe })).toMatchObject({ state, code })
  })

  it.each([
    [
      'a principal with its scheme',
      { rules: [{ from: [{ source: { principals: ['spiffe://cluster.local/ns/a/sa/b'] } }] }] },
      'Istio adds that itself',
    ],
    ['a DENY that matches', { action: 'DENY', rules: [{}] }, 'denied whatever others allow'],
    ['methods in small letters', { rules: [{ to: [{ operation: { methods: ['get'] } }] }] }, 'get is not GET'],
    ['nothing that stands out', { rules: [{}] }, /10 × 403 RBAC: access denied\.$/],
  ])('explains a refusal by %s', async (_title, spec, words) => {
    const { reason } = await verify(onlyAllowed, given, {
      objects: [policy(spec)],
      probe: world({ GET: denied(10) }),
    })
    expect(reason).toMatch(words)
  })
})
