import { expect, test } from 'vitest'
import { met, unmet, type CheckContext, type Verifier } from '../../../verifiers/context.ts'
import { runOrder } from './run.ts'

const credentials = { server: 'https://127.0.0.1:1', certificateAuthority: '', token: '' }

function run(
  verify: (context: CheckContext) => ReturnType<Verifier['verify']>,
  times: { timeout?: number; patience?: number } = {},
) {
  const verifier: Verifier = { name: 'v', proves: '', parameters: (given) => given, verify }
  return runOrder(
    {
      verifier: 'v',
      with: {},
      credentials,
      timeoutMilliseconds: times.timeout ?? 5000,
      patienceMilliseconds: times.patience ?? 300,
    },
    { find: (name) => (name === 'v' ? verifier : undefined), probe: () => new Promise(() => undefined) },
  )
}

test('the answer becomes the verdict, with the evidence that was reported', async () => {
  const verdict = await run(async ({ report }) => {
    report({ kind: 'output', text: 'seen' })
    return unmet('none', 'There is none.')
  })
  expect(verdict).toEqual({
    state: 'unmet',
    code: 'none',
    reason: 'There is none.',
    evidence: [{ kind: 'output', text: 'seen' }],
  })
})

test('`eventually` tries until it is met, and keeps the evidence of the last try alone', async () => {
  let tries = 0
  const verdict = await run(({ eventually, report }) =>
    eventually(
      async () => {
        tries += 1
        report({ kind: 'output', text: `try ${tries}` })
        return tries === 3 ? met('yes', 'yes') : unmet('no', 'no')
      },
      { intervalMilliseconds: 5 },
    ),
  )
  expect(verdict).toMatchObject({ state: 'met', evidence: [{ text: 'try 3' }] })
})

test('`eventually` answers with the last try when patience ends', async () => {
  const verdict = await run(
    ({ eventually }) => eventually(async () => unmet('no', 'no'), { intervalMilliseconds: 5 }),
    {
      patience: 40,
    },
  )
  expect(verdict).toMatchObject({ state: 'unmet', code: 'no' })
})

test('a try that the deadline cuts off leaves the answer before it', async () => {
  let tries = 0
  const verdict = await run(
    ({ eventually, probe }) =>
      eventually(
        async () => {
          tries += 1
          if (tries === 2) await probe({ from: { kind: 'workload', namespace: 'a', workload: 'b' }, url: 'http://x/' })
          return unmet('no', `try ${tries}`)
        },
        { intervalMilliseconds: 5 },
      ),
    { timeout: 100, patience: 100 },
  )
  expect(verdict).toMatchObject({ state: 'unmet', reason: 'try 1' })
})

test.each<[string, string, (context: CheckContext) => ReturnType<Verifier['verify']>]>([
  ['that throws', 'check-failed', () => Promise.reject(new Error('bug'))],
  ['that has no answer at the deadline', 'check-timed-out', () => new Promise(() => undefined)],
  [
    'whose cluster does not answer',
    'check-failed',
    async ({ kubernetes }) => (await kubernetes.list({ apiVersion: 'v1', plural: 'pods' }), met('', '')),
  ],
])('a verifier %s is broken: %s', async (_, code, verify) => {
  expect(await run(verify, { timeout: 200 })).toMatchObject({ state: 'broken', code })
})

test('a verifier that does not exist is broken', async () => {
  const order = { verifier: 'x', with: {}, credentials, timeoutMilliseconds: 10, patienceMilliseconds: 10 }
  const verdict = await runOrder(order, { find: () => undefined, probe: () => new Promise(() => undefined) })
  expect(verdict).toMatchObject({ state: 'broken', code: 'verifier-unknown', reason: expect.stringContaining('"x"') })
})

test('what fails after the deadline is heard by nobody, and ends nothing', async () => {
  const verdict = await run(
    async ({ eventually, signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return eventually(() => Promise.reject(new Error('late')))
    },
    { timeout: 30 },
  )
  expect(verdict).toMatchObject({ state: 'broken', code: 'check-timed-out' })
})
