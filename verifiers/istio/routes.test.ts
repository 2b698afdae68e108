import { describe, expect, it } from 'vitest'
import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import { wilson } from '../answers/interval.ts'
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
    ['85/15', split(0.15), 'unmet', 'other-share'],
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
      text: expect.stringMatching(/^600 requests: 540 × v1, 60 × v2\. .*80 % interval 8\.5 % to 11\.7 %/),
    })
  })
})

/** Chances of 0 to n hits. */
function binomial(n: number, share: number): number[] {
  const chances: number[] = []
  let log = n * Math.log1p(-share)
  for (let hits = 0; hits <= n; hits++) {
    chances.push(Math.exp(log))
    log += Math.log((n - hits) / (hits + 1)) + Math.log(share) - Math.log1p(-share)
  }
  return chances
}

/** What the verifier says of such counts in its first and its second look. */
async function isMet(first: number, both: number): Promise<boolean> {
  const hits = [first, both - first]
  const probe = ({ count = 1 }: ProbeRequest): ProbeAnswer[] => {
    const canary = hits.shift() ?? 0
    return [from('v2', canary), from('v1', count - canary)].filter((answer) => answer.count > 0)
  }
  const given = { ...common, canary: 'v2', stable: 'v1', share: 0.1 }
  return (await verify(weightedSplit, given, { objects, probe })).state === 'met'
}

describe('how often a wanted 10 % is met, exactly, by the true share', async () => {
  const [n, more] = [600, 1200]
  const atOnce: boolean[] = []
  const inTheEnd: boolean[] = []
  for (let hits = 0; hits <= n; hits++) atOnce.push(await isMet(hits, n + more))
  for (let hits = 0; hits <= n + more; hits++) inTheEnd.push(await isMet(hits <= more ? 0 : n, hits))

  function chance(share: number): number {
    const [early, late] = [binomial(n, share), binomial(more, share)]
    return early.reduce((sum, one, hits) => {
      if (atOnce[hits] === true) return sum + one
      return sum + one * late.reduce((met, other, extra) => met + (inTheEnd[hits + extra] ? other : 0), 0)
    }, 0)
  }

  it.each([
    [0.1, 0.9999, 1],
    [0.12, 0.845, 0.855],
    [0.13, 0.415, 0.425],
    [0.14, 0.085, 0.095],
    [0.15, 0.0095, 0.0105],
    [0.2, 0, 1e-7],
    [0.5, 0, 1e-12],
  ])('%f: between %f and %f', (share, least, most) => {
    expect(chance(share)).toBeGreaterThanOrEqual(least)
    expect(chance(share)).toBeLessThanOrEqual(most)
  })
})

describe('Wilson’s interval, 99 %', () => {
  it.each([
    [0, 100, 0, 0.0622],
    [10, 100, 0.046, 0.2039],
    [50, 100, 0.3756, 0.6244],
    [100, 100, 0.9378, 1],
  ])('of %i in %i is %f to %f', (hits, n, low, high) => {
    const interval = wilson(hits, n, 2.5758)
    expect(interval.low).toBeCloseTo(low, 3)
    expect(interval.high).toBeCloseTo(high, 3)
  })
})
