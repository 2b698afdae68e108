import { describe, expect, it } from 'vitest'
import type { ProbeRequest } from '../../protocol/probe.ts'
import { overflow, served, verify } from '../testing/fake-context.ts'
import { outlierEjected } from './outlier-ejected.ts'
import { overloadShed } from './overload-shed.ts'

describe('istio/overload-shed', () => {
  const given = {
    url: 'http://stock:8080/slow',
    caller: { namespace: 'default', workload: 'frontend' },
    burst: 40,
    calm: 2,
  }
  const world =
    (calm: number, burst: number) =>
    ({ count = 1, concurrency = 1 }: ProbeRequest) => {
      const shed = concurrency > 2 ? burst : calm
      return [served(count - shed), overflow(shed)].filter((answer) => answer.count > 0)
    }
  it.each([
    ['the burst is shed in part', world(0, 30), 'met', 'overload-shed'],
    ['the burst passes whole', world(0, 0), 'unmet', 'burst-served'],
    ['calm calls are shed', world(1, 30), 'unmet', 'calm-shed'],
    ['all of the burst is shed', world(0, 40), 'unmet', 'all-shed'],
    [
      '503 of another kind is no overflow',
      () => [{ count: 40, status: 503, body: 'no healthy upstream' }],
      'unmet',
      'burst-served',
    ],
  ])('%s', async (_title, probe, state, code) => {
    expect(await verify(overloadShed, given, { probe })).toMatchObject({ state, code })
  })
})

describe('istio/outlier-ejected', () => {
  const given = {
    url: 'http://stock:8080/',
    caller: { namespace: 'default', serviceAccount: 'default' },
    errors: 3,
    backWithin: 6,
  }
  const world =
    (fast: number, slow: number) =>
    ({ count = 1, intervalMilliseconds }: ProbeRequest) => {
      const failures = intervalMilliseconds === undefined ? fast : slow
      return [served(count - failures), { count: failures, status: 500, body: '' }].filter((answer) => answer.count > 0)
    }
  it('says why nobody could ask a second time', async () => {
    const probe = (request: ProbeRequest) =>
      request.intervalMilliseconds === undefined
        ? world(3, 0)(request)
        : { refusal: 'injection-failed' as const, message: 'istiod is away' }
    expect(await verify(outlierEjected, given, { probe })).toMatchObject({ reason: 'istiod is away' })
  })

  it.each([
    ['out after three, back later', world(3, 6), 'met', 'outlier-ejected'],
    ["the proxy's default of five", world(5, 10), 'unmet', 'other-threshold'],
    ['never taken out', world(20, 100), 'unmet', 'other-threshold'],
    ['never let in again', world(3, 3), 'unmet', 'stays-out'],
    ['nothing fails', world(0, 0), 'unmet', 'no-failures'],
    ['nothing is served', world(60, 0), 'unmet', 'none-served'],
  ])('%s', async (_title, probe, state, code) => {
    expect(await verify(outlierEjected, given, { probe })).toMatchObject({ state, code })
  })
})
