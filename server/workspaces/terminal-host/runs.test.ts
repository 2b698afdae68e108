import { expect, test } from 'vitest'
import { ManualClock } from '../../../protocol/clock.ts'
import type { Mark } from './marks.ts'
import { CommandRunner, type RunState } from './runs.ts'

const prompt: Mark[] = [{ kind: 'ready' }]
const started: Mark = { kind: 'started' }
const ended = (exitCode: number): Mark => ({ kind: 'ended', exitCode })

function shell() {
  const clock = new ManualClock()
  const typed: string[] = []
  const said: RunState[] = []
  const runner = new CommandRunner(
    (text) => typed.push(text),
    (run) => said.push(run),
    clock,
  )
  return { clock, typed, said, runner, marks: (...marks: Mark[]) => marks.forEach((mark) => runner.mark(mark)) }
}

test('a command is typed at the prompt and its exit code is seen', async () => {
  const { clock, typed, said, runner, marks } = shell()
  marks(...prompt)
  runner.run('a', 'false', false)
  marks(started)
  await clock.advance(120)
  marks(ended(1), ...prompt)
  expect(typed).toEqual(['false\r'])
  expect(said).toEqual([
    { key: 'a', state: 'running' },
    { key: 'a', state: 'done', exitCode: 1, milliseconds: 120 },
  ])
})

test('half-typed text is cleared first', () => {
  const { typed, runner, marks } = shell()
  marks(...prompt)
  runner.typed(Buffer.from('kubec'))
  runner.run('a', 'ls', false)
  expect(typed).toEqual(['\u0005\u0015ls\r'])
})

test('several lines go in one bracketed paste and have one result', () => {
  const { typed, said, runner, marks } = shell()
  marks({ kind: 'bracketed', on: true }, ...prompt)
  runner.run('a', 'one\ntwo\n', false)
  marks(started, started, ended(0), ...prompt)
  expect(typed).toEqual(['\u001B[200~one\ntwo\u001B[201~\r'])
  expect(said.at(-1)).toMatchObject({ state: 'done', exitCode: 0 })
})

test('while a program runs a command waits for the prompt', () => {
  const { typed, said, runner, marks } = shell()
  marks(...prompt, started)
  runner.run('a', 'ls', false)
  expect([typed, said]).toEqual([[], [{ key: 'a', state: 'queued' }]])
  marks(ended(0), ...prompt)
  expect(typed).toEqual(['ls\r'])
})

test('asked for again, it is typed into the program that runs', () => {
  const { typed, said, runner, marks } = shell()
  marks(...prompt, started)
  runner.run('a', 'ls', false)
  runner.run('a', 'ls', false)
  expect(typed).toEqual(['ls\r'])
  marks(ended(0), ...prompt)
  expect(said.at(-1)).toEqual({ key: 'a', state: 'done' })
})

test('an interrupt sends Ctrl-C and waits for the prompt, but not for ever', async () => {
  const first = shell()
  first.marks(...prompt, started)
  first.runner.run('a', 'ls', true)
  expect(first.typed).toEqual(['\u0003'])
  first.marks(ended(130), ...prompt)
  expect(first.typed).toEqual(['\u0003', 'ls\r'])

  const stubborn = shell()
  stubborn.marks(...prompt, started)
  stubborn.runner.run('a', 'ls', true)
  await stubborn.clock.advance(2000)
  expect(stubborn.typed).toEqual(['\u0003', 'ls\r'])
})

test("an empty line and Ctrl-C at the prompt are nobody's result", () => {
  const { said, marks } = shell()
  marks(...prompt, ended(1), ...prompt, ended(130), ...prompt)
  expect(said).toEqual([])
})

test('when the shell ends, what waited or ran is done without a code', () => {
  const { said, runner, marks } = shell()
  marks(...prompt)
  runner.run('a', 'exec sleep 1', false)
  marks(started)
  runner.run('b', 'ls', false)
  runner.stop()
  expect(said.slice(-2)).toEqual([
    { key: 'b', state: 'done' },
    { key: 'a', state: 'done' },
  ])
})

test('a prompt that is drawn again, as for a long paste, is no end', () => {
  const { typed, said, runner, marks } = shell()
  marks({ kind: 'bracketed', on: true }, ...prompt)
  runner.run('a', 'one \\\n  two', false)
  marks(...prompt)
  runner.run('b', 'next', false)
  marks(started, ended(1), ...prompt)
  expect(typed).toEqual(['\u001B[200~one \\\n  two\u001B[201~\r', 'next\r'])
  expect(said.find(({ key, state }) => key === 'a' && state === 'done')).toMatchObject({ exitCode: 1 })
})
