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

  /** `inside`: a command before it, which starts it somewhere else. */
  constructor(
    args: string[],
    environment: Record<string, string> = {},
    { bin = program, inside = [] }: { bin?: string; inside?: readonly string[] } = {},
  ) {
    const [command, ...rest] = [...inside, process.execPath, bin, 'serve', '--no-open', ...args]
    this.child = spawn(command!, rest, {
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

/** Files of a lab's folder: path -> text. */
export type LabFiles = Record<string, string>

export interface GroundFolders {
  /** Of this test alone. */
  folder: string
  data: string
  args: string[]
  processes: () => Promise<number[]>
  /** The process of the data folder whose command line holds the word. @throws when there is none */
  pidOf: (word: string) => Promise<number>
  /** Ends all processes of the data folder, then what they stood on, and takes the folders away. */
  remove: (last?: () => Promise<void>) => Promise<void>
}

/** Folders of one test: data, and labs: the lab `tiny`, whose task is met by the namespace `mine`, and those that are given. */
export async function makeGround(labs: Record<string, LabFiles> = {}): Promise<GroundFolders> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-faults-'))
  for (const [id, files] of Object.entries({ tiny: TINY, ...labs }))
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, 'labs', id, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  const data = path.join(folder, 'data')
  return {
    folder,
    data,
    args: ['--port', '0', '--data', data, '--labs', path.join(folder, 'labs')],
    processes: () => processesOf(data),
    pidOf: async (word) => {
      for (const pid of await processesOf(data)) if ((await commandOf(pid)).includes(word)) return pid
      throw new Error(`no ${word} runs`)
    },
    async remove(last) {
      // One may start another while it ends.
      await waitFor(async () => {
        const living = await processesOf(data)
        for (const pid of living) kill(pid)
        return living.length === 0
      })
      await last?.()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone since it was seen.
  }
}

/** Living processes that name the data folder in their command line: the hosts that outlive a server. */
async function processesOf(data: string): Promise<number[]> {
  const { readdir } = await import('node:fs/promises')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(pids.map((pid) => commandOf(Number(pid))))
  return pids.filter((_, index) => lines[index]!.includes(data)).map(Number)
}

/** Empty when there is no such process. */
export async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line.replaceAll('\0', ' ')
}

export const TINY = {
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
