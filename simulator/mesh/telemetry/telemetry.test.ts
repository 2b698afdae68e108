import { expect, test } from 'vitest'
import { ManualClock } from '../../kubernetes/index.ts'
import { createTelemetry, type RequestLabels } from './index.ts'

const peer = { workload: 'a', namespace: 'n', principal: '', app: 'a', version: 'v1' }
const labels = (code: number): RequestLabels => ({
  reporter: 'source',
  proxy: 'p',
  source: peer,
  destination: { ...peer, workload: 'b' },
  service: 'b.n.svc.cluster.local',
  protocol: 'http',
  code,
  flags: '-',
  mutualTls: true,
})

test('counts by labels, since a time, and in all', async () => {
  const clock = new ManualClock()
  const telemetry = createTelemetry({ clock })
  telemetry.record(labels(200), 2)
  telemetry.record(labels(200), 4)
  await clock.advance(60_000)
  telemetry.record(labels(503), 1)
  const since = (time: number): [number, number][] =>
    telemetry.requestsSince(time).map(({ code, count }) => [code, count])
  expect(since(0)).toEqual([
    [200, 2],
    [503, 1],
  ])
  expect(since(clock.now() - 30_000)).toEqual([[503, 1]])
  expect(telemetry.totals('p')[0]).toMatchObject({ code: 200, count: 2, milliseconds: 6 })
  expect(telemetry.totals('q')).toEqual([])
})

test('forgets seconds after ten minutes, and series beyond five thousand', async () => {
  const clock = new ManualClock()
  const telemetry = createTelemetry({ clock })
  telemetry.record(labels(200), 1)
  await clock.advance(601_000)
  for (let code = 1000; code < 6500; code++) telemetry.record(labels(code), 1)
  expect(telemetry.requestsSince(0).some(({ code }) => code === 200)).toBe(false)
  expect(telemetry.totals()).toHaveLength(5000)
})
