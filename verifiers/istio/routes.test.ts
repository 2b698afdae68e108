import { describe, expect, it } from 'vitest'
import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import { wilson99 } from '../answers/interval.ts'
import { pod, served, verify } from '../testing/fake-context.ts'
import { headerRouted } from './header-routed.ts'
import { weightedSplit } from './weighted-split.ts'

const common = {
  url: 'http://reviews:9080/',
  caller: { namespace: 'default', workload: 'frontend' },
  namespace: 'default',
  app: 'reviews',
}
const objects = ['v1', 'v2', 'v3'].map((version) => pod(`reviews-${version}-x`, { app: 'reviews', version }))
const from = (version: string, count: number): ProbeAnswer => served(count, `{"podname": "reviews-${version}-x"}`)

describe('istio/header-routed', () => {
  const given = { ...common, headers: { 'end-user': 'jason' }, version: 'v2' }
  it.each([
    ['all from v2', [from('v2', 60)], 'met', 'header-routed'],
    ['one from v1', [from('v2', 59), from('v1', 1)], 'unmet', 'other-version'],
    ['none answered', [{ count: 60, status: 503, body: '' }], 'unmet', 'other-version'],
  ])('%s', async (_title, answers, state, code) => {
    expect(await verify(headerRouted, given, { objects, probe: () => answers })).toMatchObject({ state, code })
  })
})

describe('istio/weighted-split', () => {
  const given = { ...common, canary: 'v2', stable: 'v1', share: 0.1 }
  const split =
    (share: number, third = 0) =>
    ({ count = 1 }: ProbeRequest): ProbeAnswer[] => {
      const canary = Math.round(count * share)
      return [from('v1', count - canary - third), from('v2', canary), ...(third === 0 ? [] : [from('v3', third)])]
    }
  it.each([
    ['90/10', split(0.1), 'met', 'split'],
    ['12 % is within luck', split(0.12), 'met', 'split'],
    ['50/50', split(0.5), 'unmet', 'other-share'],
    ['10/90', split(0.9), 'unmet', 'other-share'],
    ['80/20', split(0.2), 'unmet', 'other-share'],
    ['nothing for the canary', split(0), 'unmet', 'other-share'],
    ['a third version', split(0.1, 1), 'unmet', 'third-version'],
    [
      '503 among them',
      ({ count = 1 }: ProbeRequest) => [from('v1', count - 1), { count: 1, status: 503, body: '' }],
      'unmet',
      'unanswered',
    ],
    [
      'a caller without a proxy',
      () => ({ sidecar: false, answers: [from('v1', 90), from('v2', 10)] }),
      'unmet',
      'no-sidecar',
    ],
  ])('%s', async (_title, probe, state, code) => {
    expect(await verify(weightedSplit, given, { objects, probe })).toMatchObject({ state, code })
  })

  it('states n, counts and interval', async () => {
    const { evidence } = await verify(weightedSplit, given, { objects, probe: split(0.1) })
    expect(evidence.at(-1)).toMatchObject({
      kind: 'statistic',
      text: expect.stringMatching(/^600 requests: 540 × v1, 60 × v2\. .*99 % interval 7\.3 % to 13\.6 %/),
    })
  })
})

describe('the 99 % interval of Wilson', () => {
  it.each([
    [0, 100, 0, 0.0622],
    [10, 100, 0.046, 0.2039],
    [50, 100, 0.3756, 0.6244],
    [100, 100, 0.9378, 1],
  ])('of %i in %i is %f to %f', (hits, n, low, high) => {
    const interval = wilson99(hits, n)
    expect(interval.low).toBeCloseTo(low, 3)
    expect(interval.high).toBeCloseTo(high, 3)
  })
})
