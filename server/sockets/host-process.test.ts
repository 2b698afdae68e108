import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endProcessesOf } from '../../test/support/processes.ts'
import { HostProcess } from './host-process.ts'

/** A host that says what it has of its environment; it is busy while a file is there. */
const HOST = `
const { existsSync, rmSync } = require('node:fs')
const { createServer } = require('node:http')
const [, , , socket, , data] = process.argv
const { LABWRIGHT_HOST_DIGEST: digest, LABWRIGHT_TOOL: tool } = process.env
createServer((request, response) =>
  response.end(JSON.stringify({ pid: process.pid, digest, tool, isBusy: existsSync(data + '/busy') })),
).listen(socket)
process.once('SIGTERM', () => {
  rmSync(socket)
  process.exit(0)
})
`
const TOOL = 'LABWRIGHT_TOOL'
let folder: string
let program: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-host-'))
  program = path.join(folder, 'host.cjs')
  await writeFile(program, HOST)
  vi.stubEnv(TOOL, 'one')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  endProcessesOf(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** What a server that starts now has. */
const started = (isReplaced = true) =>
  new HostProcess({
    command: [process.execPath, program],
    dataFolder: folder,
    name: 'host',
    folder: 'host',
    environment: [TOOL],
    isReplaced,
    down: ({ reason }) => new Error(reason),
  })
async function answerOf(host: HostProcess): Promise<{ pid: number; tool: string }> {
  const { body } = await host.ask({ path: '/', signal: AbortSignal.timeout(20_000) })
  return body as { pid: number; tool: string }
}
const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a host of the same program and environment outlives the server', async () => {
  const first = await answerOf(started())
  expect(await answerOf(started())).toEqual(first)
})

test('one that was told something else is replaced, and the next has what is told now', async () => {
  const first = await answerOf(started())
  vi.stubEnv(TOOL, 'two')
  const next = await answerOf(started())
  expect([first.tool, next.tool]).toEqual(['one', 'two'])
  expect([runs(first.pid), runs(next.pid)]).toEqual([false, true])
})

test('one of another program is replaced', async () => {
  const first = await answerOf(started())
  await appendFile(program, '// Another version.\n')
  expect((await answerOf(started())).pid).not.toBe(first.pid)
})

test('one that is at work is waited for', async () => {
  const first = await answerOf(started())
  const busy = path.join(folder, 'host/busy')
  await writeFile(busy, '')
  vi.stubEnv(TOOL, 'two')
  const next = answerOf(started())
  // Nobody ends it as long as it is busy, however often it is asked.
  for (let count = 0; count < 20; count += 1) expect((await answerOf(started(false))).pid).toBe(first.pid)
  await rm(busy)
  expect((await next).tool).toBe('two')
})

test('who only looks leaves it as it is', async () => {
  const first = await answerOf(started())
  vi.stubEnv(TOOL, 'two')
  expect(await answerOf(started(false))).toEqual(first)
})
