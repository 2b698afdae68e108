import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../test/support/waiting.ts'
import { runShellCheck } from './shell-check.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-lab-'))
})
afterAll(() => rm(folder, { recursive: true }))

const credentials = { server: 'https://127.0.0.1:1', certificateAuthority: 'PEM', token: 'grader-token' }

async function check(script: string, timeoutMilliseconds = 5000) {
  await writeFile(path.join(folder, 'check.sh'), script)
  return runShellCheck({
    folder,
    script: 'check.sh',
    toolFolders: [],
    credentials,
    timeoutMilliseconds,
    signal: new AbortController().signal,
  })
}

/** A zombie that its new parent has not collected yet is gone as well. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

test.each<[string, string, string, string | RegExp]>([
  ['exit 0 is met', 'echo fine', 'met', 'fine'],
  ['exit 0 without a word is met', 'true', 'met', 'The check passed.'],
  ['another exit is unmet, with the output as reason', 'echo "no pods" >&2; exit 3', 'unmet', 'no pods'],
  ['a silent no says so', 'exit 1', 'unmet', /exit code 1.*without a reason/],
  [
    'colours and control codes are taken out',
    String.raw`printf '\e[31mred\e[0m\a\r\nnext'; exit 1`,
    'unmet',
    'red\nnext',
  ],
  ['a signal is broken', 'kill -KILL $$', 'broken', /SIGKILL/],
  ['a missing command is broken', 'no-such-command', 'broken', /could not run one of its commands \(exit code 127\)/],
  ['a missing interpreter is broken', '#!/usr/bin/no-such-interpreter\n', 'broken', /could not run/],
  ['another interpreter is used when the script names it', '#!/usr/bin/env node\nconsole.log(6 * 7)', 'met', '42'],
  ['it starts in an empty folder', 'ls -A | wc -l', 'met', '0'],
  ['it has a kubeconfig of the grader', 'grep -o grader-token "$KUBECONFIG"', 'met', 'grader-token'],
  ['it has no variable of the server', 'env | grep -c VITEST; true', 'met', '0'],
])('%s', async (_, script, state, reason) => {
  const expected = typeof reason === 'string' ? reason : expect.stringMatching(reason)
  expect(await check(script)).toMatchObject({ state, reason: expected })
})

test('a script that does not end is broken, and its children are gone', async () => {
  const pidFile = path.join(folder, 'pid')
  const verdict = await check(`sleep 1000 & echo $! > ${pidFile}; wait`, 300)
  expect(verdict).toMatchObject({ state: 'broken', code: 'check-timed-out' })
  await waitFor(async () => isGone(Number(await readFile(pidFile, 'utf8'))))
})

test('a script that ignores SIGTERM is killed', async () => {
  expect(await check(`trap '' TERM; while :; do :; done`, 200)).toMatchObject({
    state: 'broken',
    code: 'check-timed-out',
  })
})

test('a script that prints a hundred megabytes is broken', async () => {
  expect(await check('head -c 100000000 /dev/zero | tr "\\0" x; exit 1')).toMatchObject({
    state: 'broken',
    code: 'check-too-loud',
  })
})

test('a long reason is cut to its end', async () => {
  const { reason } = await check('seq 1 5000; exit 1')
  expect(reason.length).toBeLessThan(2100)
  expect(reason).toMatch(/^….*5000$/s)
})
