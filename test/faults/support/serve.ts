import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabCard, SessionView } from '../../../protocol/session.ts'
import { waitFor } from '../../support/waiting.ts'

const program = fileURLToPath(new URL('../../../cli/bin.mjs', import.meta.url))

/** `labwright serve` as a user starts it, and a page's requests to it. */
export class Serve {
  readonly child: ChildProcess
  output = ''
  errors = ''

  constructor(args: string[], environment: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [program, 'serve', '--no-open', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: os.homedir(), ...environment },
    })
    this.child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
  }

  /** The start link, once it was printed. */
  async link(): Promise<URL> {
    await waitFor(() => this.output.includes('\n') || this.child.exitCode !== null, 30_000)
    if (!this.output.includes('#code=')) throw new Error(`no link: ${this.output}${this.errors}`)
    return new URL(this.output.split('\n')[0]!)
  }

  /** Exit code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    return this.child.exitCode ?? this.child.signalCode!
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.child.kill(signal)
    return this.ended()
  }
}

/** A browser: keeps its cookie over restarts of the server. */
export class Browser {
  #cookie = ''
  origin = ''

  async open(link: URL): Promise<number> {
    this.origin = link.origin
    const answer = await fetch(`${link.origin}/api/login`, {
      method: 'POST',
      body: JSON.stringify({ code: link.hash.slice('#code='.length) }),
    })
    this.#cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie
    return answer.status
  }

  async ask<T>(method: string, url: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.origin + url, {
      method,
      headers: { cookie: this.#cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  labs(): Promise<LabCard[]> {
    return this.ask('GET', '/api/labs')
  }

  async start(lab: string): Promise<string> {
    const { id } = await this.ask<{ id: string }>('POST', '/api/sessions', { lab })
    await waitFor(async () => (await this.view(id)).state === 'ready', 30_000)
    return id
  }

  view(session: string): Promise<SessionView> {
    return this.ask('GET', `/api/sessions/${session}`)
  }

  async check(session: string, task: string): Promise<SessionView['tasks'][number]> {
    await this.ask('POST', `/api/sessions/${session}/tasks/${task}/check`)
    const seen = async () => (await this.view(session)).tasks.find(({ id }) => id === task)!
    await waitFor(async () => (await seen()).state !== 'checking', 30_000)
    return seen()
  }
}

/** Folders of one test: data, and labs with the lab `tiny`, whose task is met by the namespace `mine`. */
export async function makeGround(): Promise<{
  data: string
  args: string[]
  processes: () => Promise<number[]>
  remove: () => Promise<void>
}> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-faults-'))
  const lab = path.join(folder, 'labs', 'tiny')
  await mkdir(lab, { recursive: true })
  for (const [name, text] of Object.entries(TINY)) await writeFile(path.join(lab, name), text)
  const data = path.join(folder, 'data')
  return {
    data,
    args: ['--port', '0', '--data', data, '--labs', path.join(folder, 'labs')],
    processes: () => processesOf(data),
    async remove() {
      for (const pid of await processesOf(data)) process.kill(pid, 'SIGKILL')
      await waitFor(async () => (await processesOf(data)).length === 0)
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Living processes that name the data folder in their command line: the hosts that outlive a server. */
async function processesOf(data: string): Promise<number[]> {
  const { readdir } = await import('node:fs/promises')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => lines[index]!.includes(data)).map(Number)
}

const TINY = {
  'lab.yaml': `title: Tiny
summary: Make a namespace.
minutes: 5
cluster: { istio: absent }
setup: [setup.yaml]
steps: [{ id: one, title: One, text: one.md }]
tasks:
  - id: mine
    title: A namespace of your own
    points: 5
    watches: [namespaces]
    check: { verifier: kubernetes/namespace-created, with: { ignore: [given] } }
`,
  'one.md': '# One\n\n{{task mine}}\n',
  'setup.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: given\n',
}
