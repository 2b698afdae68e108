import { expect, test } from 'vitest'
import { ManualClock, type CallOutcome, type HttpRequest } from '../../../kubernetes/index.ts'
import type { CommandIo } from '../command.ts'
import { pilotAgent } from './pilot-agent.ts'

async function run(args: string[], outcome: CallOutcome) {
  const seen: { out: string; errors: string; request?: HttpRequest } = { out: '', errors: '' }
  const call = async (request: HttpRequest): Promise<CallOutcome> => {
    seen.request = request
    return outcome
  }
  const io: Partial<CommandIo> = {
    args,
    signal: new AbortController().signal,
    stdout: (chunk) => void (seen.out += String(chunk)),
    stderr: (text) => void (seen.errors += text),
    container: { clock: new ManualClock(), sockets: { call } } as unknown as CommandIo['container'],
  }
  return { exitCode: await pilotAgent(io as CommandIo), ...seen }
}

const served = (status: number): CallOutcome => ({
  ok: true,
  response: { status, headers: [], body: 'LIVE\n' },
  milliseconds: 1,
})
const refused: CallOutcome = { ok: false, failure: { kind: 'refused', message: 'connection refused' }, milliseconds: 1 }

const table: [args: string[], outcome: CallOutcome, exitCode: number, asked: string | undefined][] = [
  [['request', 'GET', 'stats'], served(200), 0, 'GET localhost:15000/stats'],
  [['request', '--debug-port=15020', 'POST', 'drain'], served(200), 0, 'POST localhost:15020/drain'],
  [['request', 'GET', 'nothing'], served(404), 1, 'GET localhost:15000/nothing'],
  [['request', 'GET', 'stats'], refused, 1, 'GET localhost:15000/stats'],
  [['request', 'GET'], served(200), 1, undefined],
  [['proxy'], served(200), 1, undefined],
]
test.each(table)('pilot-agent %j', async (args, outcome, exitCode, asked) => {
  const seen = await run(args, outcome)
  const { request } = seen
  expect(seen.exitCode).toBe(exitCode)
  expect(request && `${request.method} ${request.authority}${request.path}`).toBe(asked)
  expect(seen.out).toBe(exitCode === 0 ? 'LIVE\n' : '')
  expect(seen.errors === '').toBe(exitCode === 0)
})

test('pilot-agent wait ends when the proxy is ready', async () => {
  const { exitCode, request } = await run(['wait'], served(200))
  expect([exitCode, request?.authority, request?.path]).toEqual([0, 'localhost:15021', '/healthz/ready'])
})
