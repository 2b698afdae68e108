import { dispatch } from '../command-line/dispatch.ts'
import type { Io } from '../command-line/io.ts'
import { root } from '../root.ts'

export interface Outcome {
  exit: number
  stdout: string
  stderr: string
}

/** Runs one command line in this process: `istioctl` itself is not among the words. */
export async function istioctl(
  words: readonly string[],
  options: { env?: Record<string, string>; folder?: string; stdin?: string } = {},
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' }
  const lines = options.stdin === undefined || options.stdin === '' ? [] : options.stdin.replace(/\n$/, '').split('\n')
  const io: Io = {
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
    readLine: () => Promise.resolve(lines.shift()),
    readAll: () => Promise.resolve(options.stdin ?? ''),
    env: { HOME: '/nonexistent', ...options.env },
    folder: options.folder ?? '/',
    terminal: false,
  }
  const exit = await dispatch(root, words, io)
  return { exit, ...written }
}
