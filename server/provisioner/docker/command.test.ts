import { describe, expect, test } from 'vitest'
import { commandLines } from '../../../test/support/processes.ts'
import { CommandMissing, pipeCommands, runCommand } from './command.ts'

const environment = { PATH: process.env['PATH'] ?? '' }
const bash = (script: string, more: Partial<Parameters<typeof runCommand>[2]> = {}) =>
  runCommand('sh', ['-c', script], { environment, timeoutMilliseconds: 10_000, ...more })

test('gives what a program said, and its exit code', async () => {
  expect(await bash('cat; echo oops >&2; exit 3', { input: 'given' })).toEqual({
    exitCode: 3,
    output: 'given',
    error: 'oops\n',
  })
})

test('has the environment that it was given, and no other', async () => {
  expect((await bash('env', { environment: { ...environment, A: '1' } })).output).not.toContain('HOME=')
})

test('a program that is not there', async () => {
  await expect(runCommand('no-such-program', [], { environment, timeoutMilliseconds: 1000 })).rejects.toBeInstanceOf(
    CommandMissing,
  )
})

test.each<[string, string, Partial<Parameters<typeof runCommand>[2]>, RegExp]>([
  ['takes too long', 'sleep 77.123 & wait', { timeoutMilliseconds: 100 }, /did not end in 0.1 s/],
  ['says too much', 'sleep 77.123 & yes', { maximumBytes: 1000 }, /said too much/],
  ['is given up', 'sleep 77.123 & wait', { signal: AbortSignal.timeout(200) }, /was given up/],
])('a program that %s is ended, with its children', async (_, script, options, reason) => {
  await expect(bash(script, options)).rejects.toThrow(reason)
  expect(commandLines().filter(({ command }) => command === 'sleep 77.123')).toEqual([])
})

describe('a pipe', () => {
  const pipe = (from: string, to: string, timeoutMilliseconds = 10_000) =>
    pipeCommands(['sh', ['-c', from]], ['sh', ['-c', to]], { environment, timeoutMilliseconds })

  test('hands on whatever the first one says', async () => {
    expect(await pipe('head -c 20000000 /dev/zero', 'wc -c')).toMatchObject({ exitCode: 0, output: '20000000\n' })
  })

  test.each<[string, string, string, string]>([
    ['the first one', 'echo half; echo oops >&2; exit 4', 'cat >/dev/null; echo cut short >&2; exit 5', 'oops\n'],
    ['the second one', 'echo whole', 'cat >/dev/null; echo full >&2; exit 5', 'full\n'],
    ['the second one, which reads nothing more', 'yes', 'echo full >&2; exit 5', 'full\n'],
  ])('says why %s failed', async (_, from, to, error) => {
    // Many at once: each has to end whatever is still in its pipe.
    for (const result of await Promise.all(Array.from({ length: 20 }, () => pipe(from, to)))) {
      expect(result).toMatchObject({ error })
      expect(result.exitCode).not.toBe(0)
    }
  })

  test('that takes too long is ended on both sides', async () => {
    await expect(pipe('sleep 77.321', 'cat', 100)).rejects.toThrow('did not end in 0.1 s')
    expect(commandLines().filter(({ command }) => command === 'sleep 77.321')).toEqual([])
  })
})
