import { expect, test } from 'vitest'
import { spareRule, spareSize } from './schedule.ts'

test.each([
  ['mesh=3', { lab: 'mesh', size: 3 }],
  ['service-mesh=20@9:00-11:30', { lab: 'service-mesh', size: 20, between: { from: 540, to: 690 } }],
  ['mesh=2@22:00-24:00', { lab: 'mesh', size: 2, between: { from: 1320, to: 1440 } }],
  ['mesh', undefined],
  ['mesh=', undefined],
  ['mesh=-1', undefined],
  ['mesh=3@9-11', undefined],
  ['mesh=3@25:00-26:00', undefined],
  ['mesh=3@09:60-10:00', undefined],
  ['../x=3', undefined],
])('%s', (text, rule) => expect(spareRule(text)).toEqual(rule))

test.each<[string, string[], string, number]>([
  ['without a rule, as usual', [], '10:00', 1],
  ['with a rule of another lab, as usual', ['other=5'], '10:00', 1],
  ['with a rule, what it says', ['mesh=4'], '10:00', 4],
  ['none, when that is what it says', ['mesh=0'], '10:00', 0],
  ['in the time of a class, its size', ['mesh=1', 'mesh=20@09:00-11:00'], '09:00', 20],
  ['when the class is over, the size of always', ['mesh=2', 'mesh=20@09:00-11:00'], '11:00', 2],
  ['outside of it without a size of always, as usual', ['mesh=20@09:00-11:00'], '08:59', 1],
  ['of two classes at a time, the larger', ['mesh=20@09:00-11:00', 'mesh=5@10:00-12:00'], '10:30', 20],
  ['over midnight, before', ['mesh=7@22:00-02:00'], '23:00', 7],
  ['over midnight, after', ['mesh=7@22:00-02:00'], '01:59', 7],
  ['over midnight, by day', ['mesh=7@22:00-02:00'], '12:00', 1],
])('%s', (_, rules, time, size) => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const read = rules.map((rule) => spareRule(rule)!)
  expect(spareSize(read, 'mesh', hours * 60 + minutes, 1)).toBe(size)
})
