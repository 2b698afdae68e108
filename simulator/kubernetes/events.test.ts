import { expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { createEventRecorder } from './events.ts'
import { seededRandom } from './random.ts'
import { ApiError } from './status.ts'
import { memoryApi } from './testing/memory-api.ts'

const setup = async () => {
  const clock = new ManualClock()
  const api = memoryApi({ clock, random: seededRandom(1) })
  const pod = await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'lab' } })
  return { clock, api, pod, recorder: createEventRecorder({ api, clock, component: 'kubelet', host: 'n' }) }
}

test('the same event again is counted, not written anew', async () => {
  const { clock, api, pod, recorder } = await setup()
  for (let i = 0; i < 3; i++) {
    recorder.record(pod, 'Warning', 'BackOff', 'Back-off')
    await clock.advance(1000)
  }
  expect(api.events()).toEqual([{ type: 'Warning', reason: 'BackOff', message: 'Back-off', about: 'Pod/p', count: 3 }])
})

test('more than ten that differ in their message only are combined', async () => {
  const { clock, api, pod, recorder } = await setup()
  for (let i = 0; i < 14; i++) recorder.record(pod, 'Normal', 'Scaled', `to ${i}`)
  await clock.advance(1)
  expect(api.events()).toHaveLength(11)
  expect(api.events()[10]).toMatchObject({ message: '(combined from similar events): to 13', count: 4 })
})

test('one object writes 25 in a burst, no more', async () => {
  const { clock, api, pod, recorder } = await setup()
  for (let i = 0; i < 60; i++) recorder.record(pod, 'Warning', `R${i}`, 'x')
  await clock.advance(1)
  expect(api.events()).toHaveLength(25)
})

test.each([
  ['Forbidden', 0],
  ['NotFound', 0],
  ['Invalid', 1],
])('an event that is refused as %s is told %i times', async (reason, times) => {
  const { clock, api, pod } = await setup()
  const reported: unknown[] = []
  const create = (): Promise<never> => Promise.reject(new ApiError(400, reason, 'refused'))
  const recorder = createEventRecorder({
    api: { ...api, create },
    clock,
    component: 'kubelet',
    report: (error) => reported.push(error),
  })
  recorder.record(pod, 'Normal', 'Pulled', 'x')
  await clock.advance(1)
  expect(reported).toHaveLength(times)
})
