import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { request as requestSecurely } from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClusterDescription } from '../../../protocol/simulator-host.ts'

const program = fileURLToPath(new URL('../../../dist/simulator-host.js', import.meta.url))

export interface Answer<T = unknown> {
  status: number
  body: T
}

/** The simulator host as a process of its own, over one data folder and as many lives as a test gives it. */
export class HostProcess {
  readonly folder: string
  output = ''
  #child: ChildProcess | undefined

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<HostProcess> {
    const host = new HostProcess(await mkdtemp(path.join(os.tmpdir(), 'simulator-host-')))
    await host.start()
    return host
  }

  get data(): string {
    return path.join(this.folder, 'data')
  }

  get socket(): string {
    return path.join(this.folder, 'socket')
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, '--socket', this.socket, '--data', this.data])
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        if (this.output.endsWith(`ready ${this.socket}\n`)) resolve()
      })
      child.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
      child.on('exit', () => reject(new Error(`the host ended: ${this.output}`)))
    })
  }

  /** Its exit code, or the signal that it died of. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null
    child.kill(signal)
    await once(child, 'exit')
    return child.exitCode ?? child.signalCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
    await rm(this.folder, { recursive: true })
  }

  /** One request of the host's protocol. */
  async ask<T>(method: string, url: string, body?: unknown): Promise<Answer<T>> {
    const outgoing = request({ socketPath: this.socket, method, path: url, agent: false })
    return answerOf<T>(outgoing, body)
  }

  async create(id: string, more: object = {}): Promise<ClusterDescription> {
    return (await this.ask<ClusterDescription>('POST', '/clusters', { id, ...more })).body
  }

  /** Lines of a cluster's changes as they come; the stream's end ends the iteration. */
  async *changes(id: string): AsyncGenerator<{ type: string; resource?: string; name?: string }> {
    const outgoing = request({ socketPath: this.socket, path: `/clusters/${id}/changes`, agent: false })
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream]
    let rest = ''
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as { type: string }
    }
  }
}

/** One request to a cluster's API as its administrator. */
export async function askApi<T>(
  { port, certificateAuthority, tokens }: ClusterDescription,
  method: string,
  url: string,
  body?: unknown,
): Promise<Answer<T>> {
  const outgoing = requestSecurely({
    host: '127.0.0.1',
    port,
    ca: certificateAuthority,
    method,
    path: url,
    agent: false,
    headers: { authorization: `Bearer ${tokens.learner}` },
  })
  return answerOf<T>(outgoing, body)
}

async function answerOf<T>(outgoing: ReturnType<typeof request>, body: unknown): Promise<Answer<T>> {
  if (body !== undefined) outgoing.setHeader('content-type', 'application/json')
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, body: (text === '' ? undefined : JSON.parse(text)) as T }
}
