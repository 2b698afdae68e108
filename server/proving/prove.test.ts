import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Lab, Task } from '../../protocol/lab.ts'
import type { VerdictState } from '../../protocol/verdict.ts'
import type { Ground, ProvingGrounds } from './ground.ts'
import type { Proof } from './proof-file.ts'
import type { Row } from './result.ts'
import { prove } from './prove.ts'
import { junitReport, providerTable } from './reports.ts'

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  title: id,
  points: 1,
  when: 'now',
  check: { kind: 'shell', script: 'x' },
  timeoutSeconds: 1,
  hints: [],
  ...more,
})
const lab: Lab = {
  id: 'doors',
  title: 'Doors',
  summary: '',
  minutes: 1,
  version: 'v',
  folder: '/nowhere',
  cluster: { istio: 'absent' },
  mirrors: [],
  setup: [],
  images: [],
  steps: [
    { id: 'one', title: 'One', html: '', commands: [], files: [], tasks: ['first'] },
    { id: 'two', title: 'Two', html: '', commands: [], files: [], tasks: ['second'] },
  ],
  tasks: [task('first'), task('second')],
}
const proof: Proof = {
  solution: { one: 'set first', two: 'set second' },
  wrong: [{ name: 'half', step: 'two', script: 'set nothing', task: 'second', code: 'no' }],
  alsoRight: [{ name: 'other', step: 'two', script: 'set second', tasks: ['second'], what: '' }],
}

/** A ground whose state is a set of words: `set X` adds one, a task is met when its id is among them. */
function doors(words: Set<string> = new Set(), open = { count: 0 }): Ground {
  open.count++
  return {
    saveFiles: () => Promise.resolve(),
    async run(script) {
      if (script === 'lose') throw new Error('the cluster is gone')
      if (script === 'set slowly') await setImmediate()
      if (!script.startsWith('set ')) return { exitCode: 3, output: 'no such script' }
      words.add(script.slice(4))
      return { exitCode: 0, output: '' }
    },
    check({ id }) {
      const state: VerdictState = words.has(id) ? 'met' : 'unmet'
      return Promise.resolve({
        state,
        code: state === 'met' ? 'yes' : 'no',
        reason: `${id} is ${state}`,
        evidence: [],
        milliseconds: 1,
      })
    },
    fork: () => Promise.resolve(doors(new Set(words), open)),
    close() {
      open.count--
      return Promise.resolve()
    },
  }
}
const grounds = (open = { count: 0 }): ProvingGrounds => ({
  provider: 'doors',
  forks: 'copies',
  open: () => Promise.resolve(doors(new Set(), open)),
})
const options = { seed: 1, parallel: 2 }

/** One cluster for all: a fork is the ground itself, which forgets at the fork's end what was done in its turn. */
function turningDoors(log: string[]): ProvingGrounds {
  const open = (): Promise<Ground> => {
    const words = new Set<string>()
    const ground = doors(words)
    let turn: string | undefined
    const fork = (name: string): Promise<Ground> => {
      if (turn !== undefined) throw new Error(`it is the turn of ${turn}, not of ${name}`)
      turn = name
      const before = [...words]
      log.push(`${name} on ${before.join(' ')}`)
      const close = () => {
        words.clear()
        for (const word of before) words.add(word)
        turn = undefined
        return Promise.resolve()
      }
      return Promise.resolve({ ...doors(words), close })
    }
    return Promise.resolve({ ...ground, fork })
  }
  return { provider: 'doors', forks: 'turns', open }
}

describe('a lab is proven', () => {
  it('when every task is unmet before, met after, unmet under wrong answers and met under others that are right', async () => {
    const open = { count: 0 }
    const result = await prove(lab, proof, grounds(open), options)
    expect(result.rows.map(({ task: id, state, actual, ok }) => `${id} ${state} ${actual} ${ok}`).toSorted()).toEqual([
      'first solution met true',
      'first solution, at the end met true',
      'first untouched unmet true',
      'second also-right:other met true',
      'second solution met true',
      'second untouched unmet true',
      'second wrong:half unmet true',
    ])
    expect(result.ok).toBe(true)
    expect(open.count).toBe(0)
  })

  it('also where there is one cluster, and answers take turns before the solution of their step', async () => {
    const log: string[] = []
    const result = await prove(lab, proof, turningDoors(log), options)
    expect(log).toEqual(['half on first', 'other on first'])
    expect(result.rows.filter(({ ok }) => !ok)).toEqual([])
    expect(result.rows).toHaveLength(7)
  })

  it('with a last look at earlier tasks, also when the last step has nothing to do', async () => {
    const closing: Lab = { ...lab, steps: [...lab.steps, { ...lab.steps[1]!, id: 'goodbye', tasks: [] }] }
    const result = await prove(closing, proof, grounds(), options)
    const last = result.rows.filter(({ state }) => state === 'solution, at the end')
    expect(last.map(({ task: id, actual }) => `${id} ${actual}`)).toEqual(['first met'])
  })

  it('not when a cluster is lost under the solution, and no answer is at work any more when that is told', async () => {
    const open = { count: 0 }
    const rows: Row[] = []
    const wrong = ['a', 'b', 'c', 'd'].map((name) => ({ ...proof.wrong[0]!, name, script: 'set slowly' }))
    const lost = { ...proof, wrong, solution: { one: 'set first', two: 'lose' } }
    const telling = { ...options, onRow: (row: Row) => void rows.push(row) }
    await expect(prove(lab, lost, grounds(open), telling)).rejects.toThrow('the cluster is gone')
    expect(open.count).toBe(0)
    expect(rows.filter(({ state }) => state === 'wrong:d')).toEqual([])
  })

  it('not when it was stopped before all was tried', async () => {
    const stop = new AbortController()
    const onRow = ({ state }: Row) => state === 'wrong:half' && stop.abort(new Error('stopped'))
    const parallel = { ...options, parallel: 1, onRow, signal: stop.signal }
    await expect(prove(lab, proof, grounds(), parallel)).rejects.toThrow('stopped')
  })

  it.each<[string, Proof, string]>([
    [
      'a wrong answer that no task notices',
      { ...proof, wrong: [{ ...proof.wrong[0]!, script: 'set second' }] },
      'expected unmet',
    ],
    [
      'a wrong answer that is caught for another reason',
      { ...proof, wrong: [{ ...proof.wrong[0]!, code: 'maybe' }] },
      'expected the code maybe, not no',
    ],
    [
      'a sentence that does not say it',
      { ...proof, wrong: [{ ...proof.wrong[0]!, says: 'door' }] },
      'expected the sentence to hold "door"',
    ],
    [
      'a right answer that is refused',
      { ...proof, alsoRight: [{ ...proof.alsoRight[0]!, script: 'set nothing' }] },
      'expected met',
    ],
    [
      'a solution that does not solve',
      { ...proof, solution: { one: 'set first', two: 'set nothing' } },
      'expected met',
    ],
    [
      'a script of a step without tasks that fails',
      { ...proof, solution: { zero: 'fail', ...proof.solution } },
      'no such script',
    ],
    ['a script that fails', { ...proof, solution: { one: 'set first', two: 'fail' } }, 'no such script'],
  ])('not with %s', async (_title, other, problem) => {
    const begun: Lab = { ...lab, steps: [{ ...lab.steps[0]!, id: 'zero', tasks: [] }, ...lab.steps] }
    const result = await prove(begun, other, grounds(), options)
    expect(result.ok).toBe(false)
    expect(result.rows.filter((row) => !row.ok).map((row) => row.problem)).toContain(problem)
    expect(junitReport([result])).toMatch(/<failure /)
  })
})

it('says per task on which provider it is proven', async () => {
  const result = await prove(lab, proof, grounds(), options)
  const wrong = { ...proof, wrong: [{ ...proof.wrong[0]!, script: 'set second' }] }
  const other = { ...(await prove(lab, wrong, grounds(), options)), provider: 'kind' }
  expect(providerTable([result, other].map((each) => ({ result: each, lab }))).split('\n')).toEqual([
    'task          doors     kind',
    'doors first   proven    proven',
    'doors second  proven    not yet',
  ])
})
