import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Lab } from '../../protocol/lab.ts'
import { readProof } from './proof-file.ts'

let lab: Lab
beforeEach(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'proof-file-'))
  const step = (id: string, tasks: string[]) => ({ id, title: id, html: '', commands: [], files: [], tasks })
  const steps = [step('read', []), step('one', ['first']), step('two', ['second'])]
  lab = { id: 'doors', folder, steps, tasks: [{ id: 'first' }, { id: 'second' }] } as unknown as Lab
  await writeFile(path.join(folder, 'a.sh'), 'true\n')
})
afterEach(() => rm(lab.folder, { recursive: true }))

const wrong = (more: object) => ({ name: 'w', step: 'one', script: 'a.sh', task: 'first', code: 'c', ...more })
const solution = { one: 'a.sh', two: 'a.sh' }

test.each<[string, object, string | undefined]>([
  ['a script for each step with tasks is enough', { solution }, undefined],
  [
    'a step with tasks and without a solution proves nothing',
    { solution: { one: 'a.sh' } },
    'the step "two" has tasks',
  ],
  [
    'a right answer that is right for no task',
    { solution, alsoRight: [{ name: 'r', step: 'one', script: 'a.sh', tasks: [], what: '' }] },
    'must name a task',
  ],
  ['a step that is not there', { solution: { ...solution, three: 'a.sh' } }, 'no step "three"'],
  ['a task that is not there', { solution, wrong: [wrong({ task: 'third' })] }, 'no task "third"'],
])('%s', async (_, proof, problem) => {
  await writeFile(path.join(lab.folder, 'proof.yaml'), JSON.stringify(proof))
  const read = readProof(lab)
  if (problem === undefined) expect(await read).toMatchObject(proof)
  else await expect(read).rejects.toMatchObject({ code: 'LAB_SHAPE', message: expect.stringContaining(problem) })
})
