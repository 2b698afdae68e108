import { afterAll, beforeAll, expect, test } from 'vitest'
import { openShell, type Ran, type Shell } from '../../support/shell.ts'
import { comparable, recordedCases, replay } from './recorded.ts'

/** What kubectl printed on a real cluster, it prints on ours. */

/** Where the recorded cluster was another one than ours is. Everything else must be the same. */
const otherwise: Readonly<Record<string, string>> = {
  'version client yaml': 'the recorded kubectl was built elsewhere',
  'api-versions': 'ours serves metrics.k8s.io',
  'api-resources': 'ours serves metrics.k8s.io',
  'top nodes': 'ours serves metrics.k8s.io',
  'top pods': 'ours serves metrics.k8s.io',
  'get nodes wide': 'ours is a control-plane node with another address',
  'get node cordoned': 'ours is a control-plane node',
  'get sc': 'ours has a class for volumes',
  'describe pod': 'the recorded node had no kubelet: no container ids, no events',
  'describe pvc': 'the recorded cluster looked for a class before it saw the volume',
  events: 'which scalings are combined follows from how fast the pods are ready',
}
/** Depends on which of two things comes first, on the recorded cluster too. */
const races = new Set(['patch scale subresource', 'set env from', 'get jobs'])

let shell: Shell
let printed: Map<string, Ran>

beforeAll(async () => {
  shell = await openShell()
  printed = await replay(shell)
}, 300_000)

afterAll(() => shell[Symbol.asyncDispose]())

const same = recordedCases.filter(({ name }) => otherwise[name] === undefined && !races.has(name))

test.each(same.map((recorded) => [recorded.name, recorded] as const))('%s', (name, recorded) => {
  expect(comparable(printed.get(name)!)).toBe(comparable(recorded))
})

test.each(Object.entries(otherwise))('%s: not the same, as %s', (name) => {
  const recorded = recordedCases.find((each) => each.name === name)!
  expect(comparable(printed.get(name)!)).not.toBe(comparable(recorded))
})

test.each([...races])('%s: ends as recorded', (name) => {
  expect(printed.get(name)?.exit).toBe(recordedCases.find((each) => each.name === name)?.exit)
})
