import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { RunResult } from '../provider.ts'
import type { ShellSpec } from '../shell-spec.ts'

const MAX_OUTPUT_BYTES = 1024 * 1024
const KILL_AFTER_MILLISECONDS = 5000

/** Runs a program to its end or to its deadline: SIGTERM to the whole group, SIGKILL five seconds later. */
export function runScript(
  shell: ShellSpec,
  { timeoutMilliseconds, signal }: { timeoutMilliseconds: number; signal?: AbortSignal },
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(shell.command, shell.arguments, {
      cwd: shell.folder,
      env: shell.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    let size = 0
    let timedOut = false
    const keep = (chunk: Buffer) => {
      const room = MAX_OUTPUT_BYTES - size
      if (room <= 0) return
      chunks.push(chunk.subarray(0, room))
      size += Math.min(room, chunk.length)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const kill = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name)
      } catch {
        // Gone already.
      }
    }
    let last: NodeJS.Timeout | undefined
    const end = () => {
      kill('SIGTERM')
      last = setTimeout(() => kill('SIGKILL'), KILL_AFTER_MILLISECONDS)
    }
    const timer = setTimeout(() => {
      timedOut = true
      end()
    }, timeoutMilliseconds)
    if (signal?.aborted === true) end()
    signal?.addEventListener('abort', end, { once: true })
    child.on('error', reject)
    child.on('close', (code, name) => {
      clearTimeout(timer)
      clearTimeout(last)
      signal?.removeEventListener('abort', end)
      const exitCode = code ?? 128 + (name === null ? 0 : constants.signals[name])
      resolve({ exitCode, output: Buffer.concat(chunks).toString(), timedOut })
    })
  })
}
