import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { loadLab } from '../index.ts'

let folder: string
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'labwright-lab-')), 'my-lab')
  await mkdir(path.join(folder, 'steps'), { recursive: true })
  await writeFile(path.join(folder, 'steps/one.md'), 'Do it.\n\n{{task it}}\n')
})
afterEach(() => rm(path.dirname(folder), { recursive: true, force: true }))

const head = 'title: My lab\nsummary: Learn it.\nminutes: 5\n'
const steps = 'steps:\n  - {id: one, title: One, text: steps/one.md}\n'
const task = (more = ''): string =>
  `tasks:\n  - id: it\n    title: It is done\n    points: 1\n    check: {verifier: kubernetes/namespace-created, with: {}}\n${more}`

async function load(yaml: string): Promise<unknown> {
  await writeFile(path.join(folder, 'lab.yaml'), yaml)
  return loadLab(folder).catch((error: LabwrightError) => `${error.code} ${error.message}`)
}

describe('lab.yaml', () => {
  it('becomes the lab model', async () => {
    expect(await load(head + steps + task())).toMatchObject({
      id: 'my-lab',
      title: 'My lab',
      steps: [{ id: 'one', tasks: ['it'] }],
      tasks: [
        {
          id: 'it',
          when: 'now',
          timeoutSeconds: 15,
          check: { kind: 'verifier', verifier: 'kubernetes/namespace-created' },
        },
      ],
    })
  })

  it('shows hints in the order in which they wait for each other', async () => {
    const hints = '    hints:\n      - {id: b, text: second, after: a}\n      - {id: a, text: first, cost: 2}\n'
    expect(await load(head + steps + task(hints))).toMatchObject({
      tasks: [
        {
          hints: [
            { text: 'first', cost: 2 },
            { text: 'second', cost: 0 },
          ],
        },
      ],
    })
  })

  it('has another version when any file changes', async () => {
    const before = (await load(head + steps + task())) as { version: string }
    await writeFile(path.join(folder, 'steps/one.md'), 'Do it well.\n\n{{task it}}\n')
    expect(((await loadLab(folder)) as { version: string }).version).not.toBe(before.version)
  })
})

describe('what is wrong with a lab is said with its place', () => {
  it.each([
    [
      'a missing file',
      head + 'steps:\n  - {id: one, title: One, text: steps/two.md}\n',
      /^LAB_FILE_MISSING lab.yaml:5:\d+: .*steps\/two.md/,
    ],
    [
      'a file outside',
      head + 'steps:\n  - {id: one, title: One, text: ../../etc/passwd}\n',
      /^LAB_FILE_OUTSIDE lab.yaml:5/,
    ],
    ['an unknown key', `${head}colour: red\n${steps}${task()}`, /^LAB_SHAPE lab.yaml:4:\d+: unknown key `colour`/],
    ['a missing key', `title: x\nsummary: y\n${steps}`, /^LAB_SHAPE .*`minutes` is missing/],
    ['a tab', `${head}steps:\n\t- {id: one}\n`, /^LAB_YAML lab.yaml:5:\d+: .*tab/],
    [
      'a duplicate step',
      `${head + steps}  - {id: one, title: One, text: steps/one.md}\n${task()}`,
      /^LAB_DUPLICATE lab.yaml:6:\d+: the step id "one"/,
    ],
    ['a duplicate task', head + steps + task() + task().replace('tasks:\n', ''), /^LAB_DUPLICATE .* the task id "it"/],
    [
      'hints in a circle',
      head + steps + task('    hints:\n      - {id: a, text: A, after: b}\n      - {id: b, text: B, after: a}\n'),
      /^LAB_HINT_CIRCLE .*"it".*\(a, b\)/,
    ],
    [
      'a hint after nothing',
      head + steps + task('    hints:\n      - {text: A, after: z}\n'),
      /^LAB_HINT_UNKNOWN .*"z"/,
    ],
    ['a task of the text that is not there', head + steps, /^LAB_TASK_UNKNOWN steps\/one.md: .*it/],
    [
      'a task without a place',
      head + steps + task() + task().replace('tasks:\n', '').replace('id: it', 'id: other'),
      /^LAB_TASK_UNPLACED .*"other"/,
    ],
    ['an unknown step', head + steps + task('    until: never\n'), /^LAB_STEP_UNKNOWN .*never/],
    [
      'a verifier that is not there',
      head + steps + task().replace('namespace-created', 'world-saved'),
      /^LAB_VERIFIER .*no verifier "kubernetes\/world-saved"/,
    ],
    [
      'a parameter that the verifier does not know',
      head + steps + task().replace('with: {}', 'with: {colour: red}'),
      /^LAB_VERIFIER .*colour/,
    ],
    ['an id with capitals', head + steps.replace('id: one', 'id: One'), /^LAB_SHAPE .*lower-case/],
  ])('%s', async (_title, yaml, expected) => {
    expect(await load(yaml)).toMatch(expected)
  })

  it('a link out of the folder', async () => {
    await symlink('/etc/hostname', path.join(folder, 'steps/out.md'))
    expect(await load(head + 'steps:\n  - {id: one, title: One, text: steps/out.md}\n')).toMatch(/^LAB_FILE_OUTSIDE/)
  })

  it('no lab.yaml', async () => {
    await expect(loadLab(folder)).rejects.toThrow(/There is no lab "my-lab"/)
  })
})
