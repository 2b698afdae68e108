import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../../protocol/clock.ts'
import { openPty } from './pty.ts'

/** Fills the terminal to its brim and ends: not a byte more fits in, also none of ours that would mark the end. */
const FILL = 'LANG=C dd if=/dev/zero of=/dev/tty oflag=nonblock bs=1 2>written; exit 3'

test('the end of the output waits for a reader that is behind, however long', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-pty-'))
  const clock = new ManualClock()
  let bytes = 0
  let exitCode: number | undefined
  const shell = {
    command: 'bash',
    arguments: ['--norc', '-c', FILL],
    folder,
    environment: { PATH: process.env['PATH'] ?? '' },
  }
  const pty = openPty(
    shell,
    80,
    24,
    { output: (chunk) => (bytes += chunk.length), exit: (code) => (exitCode = code) },
    clock,
  )
  pty.pause()
  await vi.waitFor(() => expect(isAlive(pty.pid)).toBe(false), 10_000)
  await clock.advance(60_000)
  expect(exitCode).toBeUndefined()
  pty.resume()
  await vi.waitFor(async () => {
    await clock.advance(10)
    expect(exitCode).toBe(3)
  }, 10_000)
  const written = Number(/(\d+) bytes/.exec(await readFile(path.join(folder, 'written'), 'utf8'))?.[1])
  expect(written).toBeGreaterThan(1000)
  expect(bytes).toBe(written)
  await rm(folder, { recursive: true })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
