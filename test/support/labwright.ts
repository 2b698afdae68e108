import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** `labwright serve` as a user starts it, in a data folder of its own. */
export interface RunningLabwright extends AsyncDisposable {
  url: string
  /** A start link; each logs in once. */
  link: string
  dataFolder: string
  process: ChildProcess
  /** Ends the server alone; sessions go on without it. */
  stop(): Promise<void>
}

/** Starts the server of dist/ and waits for its link. Disposing deletes its sessions, so that no process of theirs is left. */
export async function startLabwright(
  options: { dataFolder?: string; port?: string; arguments?: string[] } = {},
): Promise<RunningLabwright> {
  const own = options.dataFolder === undefined
  const dataFolder = options.dataFolder ?? (await mkdtemp(path.join(os.tmpdir(), 'labwright-e2e-')))
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'cli/bin.mjs'),
      'serve',
      '--port',
      options.port ?? '0',
      '--no-open',
      '--data',
      dataFolder,
      ...(options.arguments ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const link = await firstLink(child)
  return {
    url: link.split('/#')[0]!,
    link,
    dataFolder,
    process: child,
    stop: () => stop(child),
    async [Symbol.asyncDispose]() {
      await deleteSessions(dataFolder, child, options.arguments)
      if (own) await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The start link, once a server printed it. @throws what it printed when it ended without one */
export function firstLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const link = /http:\/\/\S+#code=\S+/.exec(output)?.[0]
      if (link !== undefined) resolve(link)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('exit', (code) => reject(new Error(`labwright ended with ${code}: ${output}`)))
  })
}

/** Logs in with a fresh server, deletes every session that still has a workspace, finished ones too, and ends the server. */
async function deleteSessions(dataFolder: string, child: ChildProcess, more: string[] = []): Promise<void> {
  await stop(child)
  const last = spawn(
    process.execPath,
    [path.join(root, 'cli/bin.mjs'), 'serve', '--port', '0', '--no-open', '--data', dataFolder, ...more],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const link = await firstLink(last)
  const [url, code] = link.split('/#code=') as [string, string]
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' },
  }
  const login = await fetch(`${url}/api/login`, { ...post, body: JSON.stringify({ code }) })
  const cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  for (const session of await readdir(path.join(dataFolder, 'workspaces')))
    if (/^s[0-9a-f]{16}$/.test(session))
      await fetch(`${url}/api/sessions/${session}`, { method: 'DELETE', headers: { ...post.headers, cookie } })
  await stop(last)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
