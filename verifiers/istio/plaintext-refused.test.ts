import { describe, expect, it } from 'vitest'
import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import type { Resource } from '../context.ts'
import { denied, failedWith, served, verify } from '../testing/fake-context.ts'
import { plaintextRefused } from './plaintext-refused.ts'

const given = { url: 'http://payments.production/', namespace: 'production' }
const both =
  (outside: ProbeAnswer[], inside: ProbeAnswer[], sidecar = true) =>
  ({ from }: ProbeRequest) =>
    from.kind === 'identity' && from.sidecar === 'none' ? outside : { sidecar, answers: inside }
const peer = (namespace: string, spec: unknown): Resource => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace },
  spec,
})

describe('istio/plaintext-refused', () => {
  it.each([
    ['reset outside, served inside', both([failedWith('reset', 20)], [served(20)]), 'met', 'plaintext-refused'],
    [
      'reset outside, refused by policy inside',
      both([failedWith('reset', 20)], [denied(20)]),
      'met',
      'plaintext-refused',
    ],
    ['served outside', both([served(20)], [served(20)]), 'unmet', 'plaintext-served'],
    [
      'one pod of two still serves plaintext',
      both([failedWith('reset', 11), served(9)], [served(20)]),
      'unmet',
      'plaintext-served',
    ],
    [
      'a policy refuses plaintext with 403: that is not mutual TLS',
      both([denied(20)], [served(20)]),
      'unmet',
      'plaintext-served',
    ],
    ['an empty reply is no reset', both([failedWith('empty', 20)], [served(20)]), 'unmet', 'other-failure'],
    ['no service', both([failedWith('dns', 20)], [failedWith('dns', 20)]), 'unmet', 'no-service'],
    ['no ready pod', both([failedWith('refused', 20)], [failedWith('refused', 20)]), 'unmet', 'no-endpoints'],
    ['a dropped packet is no policy', both([failedWith('timeout', 20)], [served(20)]), 'unmet', 'timed-out'],
    [
      'the mesh is cut off as well',
      both([failedWith('reset', 20)], [{ count: 20, status: 503, body: '' }]),
      'unmet',
      'mesh-caller-cut-off',
    ],
    [
      'nobody in the mesh to ask',
      both([failedWith('reset', 20)], [failedWith('reset', 20)], false),
      'unmet',
      'no-mesh-caller',
    ],
  ] as const)('%s', async (_title, probe, state, code) => {
    expect(await verify(plaintextRefused, given, { probe })).toMatchObject({ state, code })
  })

  it.each([
    ['nothing', [], 'There is no PeerAuthentication in the cluster.'],
    [
      'PERMISSIVE',
      [peer('production', { mtls: { mode: 'PERMISSIVE' } })],
      'PeerAuthentication production/default says PERMISSIVE.',
    ],
    [
      'another namespace',
      [peer('staging', { mtls: { mode: 'STRICT' } })],
      'There is a PeerAuthentication staging/default, but none for production.',
    ],
    [
      'a port',
      [peer('production', { mtls: { mode: 'STRICT' }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } })],
      'loosens single ports',
    ],
    [
      'a selector',
      [peer('production', { selector: { matchLabels: { app: 'x' } }, mtls: { mode: 'STRICT' } })],
      'selects app=x',
    ],
    [
      'the mesh',
      [peer('istio-system', { mtls: { mode: 'PERMISSIVE' } }), peer('production', {})],
      'PeerAuthentication istio-system/default says PERMISSIVE',
    ],
    [
      'a selector beside the whole namespace',
      [
        peer('production', { selector: { matchLabels: { app: 'x' } }, mtls: { mode: 'STRICT' } }),
        peer('production', { mtls: { mode: 'STRICT' } }),
      ],
      'does each of them have a proxy?',
    ],
    ['no mode at all', [peer('production', {})], 'sets no mode'],
    ['the pods', [peer('production', { mtls: { mode: 'STRICT' } })], 'does each of them have a proxy?'],
  ])('explains plaintext by %s', async (_title, objects, words) => {
    const { reason } = await verify(plaintextRefused, given, { objects, probe: both([served(20)], [served(20)]) })
    expect(reason).toContain(words)
  })
})
