import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RunnerPool, type RunnerRequest } from './runner-pool.ts'

const script = fileURLToPath(new URL('runner/misbehaving.mjs', import.meta.url))
const credentials = { server: 'https://127.0.0.1:1', certificateAuthority: '', token: '' }

let pool: RunnerPool
beforeEach(() => {
  pool = new RunnerPool({ script, spares: 1 })
})
afterEach(() => pool[Symbol.asyncDispose]())

const request = (verifier: string, more: Partial<RunnerRequest> = {}): RunnerRequest => ({
  order: { verifier, with: {}, credentials, timeoutMilliseconds: 500, patienceMilliseconds: 100 },
  probe: async () => ({ caller: 'nobody', sidecar: false, answers: [] }),
  signal: new AbortController().signal,
  ...more,
})

test('a check that answers has its verdict handed on', async () => {
  expect(await pool.run(request('answers'))).toMatchObject({ state: 'unmet', reason: 'not yet' })
})

describe('a check is broken, never unmet, and says why, when it', () => {
  test.each([
    ['hangs for ever', 'check-timed-out', /did not end within 0.5 s/],
    ['is killed', 'check-killed', /SIGKILL/],
    ['exits', 'check-crashed', /exit code 0 before it could decide/],
    ['eats memory', 'check-crashed', /too much memory/],
    ['prints without end', 'check-too-loud', /printed more than/],
  ])('%s: %s', async (verifier, code, reason) => {
    const patient = request(verifier)
    if (verifier === 'eats memory') patient.order.timeoutMilliseconds = 20_000
    expect(await pool.run(patient)).toMatchObject({ state: 'broken', code, reason: expect.stringMatching(reason) })
  })
})

test('probes are sent by the server, and their results come back', async () => {
  const probe = async () => ({ caller: 'frontend in default', sidecar: true, answers: [] })
  const verdict = await pool.run(request('probes', { probe }))
  expect(verdict.reason).toContain('"caller":"frontend in default"')
})

test('a probe that fails is told to the check in words', async () => {
  const probe = () => Promise.reject(new Error('the cluster is gone'))
  expect((await pool.run(request('probes', { probe }))).reason).toContain('the cluster is gone')
})

test('a check that nobody waits for any more is ended', async () => {
  const stop = new AbortController()
  const run = pool.run(request('hangs for ever', { signal: stop.signal }))
  stop.abort()
  expect(await run).toMatchObject({ state: 'broken', code: 'check-stopped' })
})

test('closing the pool ends every process of it', async () => {
  pool.warm()
  const run = pool.run(request('hangs for ever'))
  await pool[Symbol.asyncDispose]()
  expect(await run).toMatchObject({ state: 'broken' })
})
