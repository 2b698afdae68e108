import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { endProcessesOf } from '../test/support/processes.ts'

const program = path.join(import.meta.dirname, 'bin.mjs')

test('asking for orphans sweeps nothing, also where a provisioner has to be started for the answer', async () => {
  const data = await mkdtemp(path.join(os.tmpdir(), 'labwright-orphans-'))
  try {
    const asking = promisify(execFile)(process.execPath, [program, 'sessions', '--orphans', '--data', data], {
      env: { PATH: '/nowhere', HOME: data },
    })
    const { code, stderr } = (await asking.catch((error: unknown) => error)) as { code: number; stderr: string }
    expect([code, stderr]).toEqual([2, expect.stringMatching(/\[ENGINE_MISSING\]\n$/)])
    expect(await readFile(path.join(data, 'kind/host.log'), 'utf8')).not.toContain('sweeping')
  } finally {
    endProcessesOf(data)
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
})
