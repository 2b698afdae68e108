import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf } from './operands.ts'

const program = path.resolve(import.meta.dirname, '../../../../dist/jq.js')
const input = '{"a":[1,{"b":"é"}],"n":null}\n'
let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jq-'))
  writeFileSync(path.join(folder, 'in.json'), input)
  writeFileSync(path.join(folder, 'filter.jq'), '.a[1].b\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const jq = (args: string[], text = input) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    input: text,
    encoding: 'utf8',
    env: { WHO: 'learner' },
  })
  return { status, stdout, stderr }
}

test.each([
  [['-c', '.'], '{"a":[1,{"b":"é"}],"n":null}\n'],
  [[], '{\n  "a": [\n    1,\n    {\n      "b": "é"\n    }\n  ],\n  "n": null\n}\n'],
  [['-r', '.a[1].b'], 'é\n'],
  [['-rf', 'filter.jq', 'in.json'], 'é\n'],
  [['.n', 'in.json', 'in.json'], 'null\nnull\n'],
  [['-s', 'length', 'in.json', 'in.json'], '2\n'],
  [['-n', '--arg', 'x', 'y', '$x'], '"y"\n'],
  [['-n', '--argjson', 'x', '{"y":1}', '$x.y'], '1\n'],
  [['--slurpfile', 'x', 'in.json', '$x[0].a[0]'], '1\n'],
  [['-r', '[.a[0], "z"] | @csv'], '1,"z"\n'],
  [['-n', '$ENV.WHO'], '"learner"\n'],
])('jq %j', (args, wanted) => {
  expect(jq(args)).toEqual({ status: 0, stdout: wanted, stderr: '' })
})

test.each([
  [['-e', '.n'], { status: 1, stdout: 'null\n', stderr: '' }],
  [['.a.b'], { status: 5, stdout: '', stderr: expect.stringContaining('Cannot index array with') as string }],
  [['.a[0], error("no")'], { status: 5, stdout: '1\n', stderr: expect.stringContaining(': no') as string }],
  [['.['], { status: 3, stdout: '', stderr: expect.stringContaining('1 compile error') as string }],
  [['.', 'absent.json'], { status: 2, stdout: '', stderr: expect.stringContaining('Could not open') as string }],
  [['--nonsense', '.'], { status: 2, stdout: '', stderr: expect.stringContaining('Unknown option') as string }],
])('jq %j ends as jq does', (args, wanted) => {
  expect(jq(args)).toEqual(wanted)
})

test('a few megabytes pass', () => {
  const list = JSON.stringify(
    Array.from({ length: 30_000 }, (_, index) => ({ name: `pod-${index}`, labels: { a: 'b' } })),
  )
  expect(jq(['length'], list)).toEqual({ status: 0, stdout: '30000\n', stderr: '' })
})

test.each([
  [['.a'], []],
  [['.a', 'x.json'], ['x.json']],
  [
    ['-f', 'p.jq', 'x.json'],
    ['p.jq', 'x.json'],
  ],
  [['--arg', 'a', 'b', '.a', 'x.json'], ['x.json']],
  [['--rawfile', 'a', 'f', '.'], ['f']],
  [['-n', '--args', '.', 'a', 'b'], []],
  [['.', '--', '-x.json'], ['-x.json']],
])('the files that %j names', (args, files) => {
  expect(filesOf(args)).toEqual(files)
})
