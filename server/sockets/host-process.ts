import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { socketPath } from './socket-path.ts'
import { askOverSocket, isNobodyThere, type SocketRequest } from './socket-http.ts'

const START_TIMEOUT_MILLISECONDS = 20_000
const HEALTH_TIMEOUT_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 15
/** For what a process of another program or environment has under way; the next one takes up the rest. */
const FINISH_MILLISECONDS = 10_000
const END_MILLISECONDS = 5000
/** The process says it back in `/healthz`. */
const DIGEST_VARIABLE = 'LABWRIGHT_HOST_DIGEST'

export interface HostPlace {
  /** Command and first arguments of the process; `--socket PATH --data DIR` is added. */
  command: string[]
  dataFolder: string
  /** Name of its socket. */
  name: string
  /** Name of its own folder in the data folder. */
  folder: string
  /** Names of environment variables that it gets beside those of every Node process. */
  environment?: readonly string[]
  /** One of another program or environment is replaced, once, before the first request. It must survive SIGTERM at any time. */
  isReplaced?: boolean
  /** The error for a process that cannot be started or does not answer. */
  down(this: void, details: { reason: string; log: string }, cause?: unknown): Error
}

/** What a host says of itself. */
interface Health {
  pid: number
  /** What it was started with, in a word. */
  digest?: string
  isBusy?: boolean
}

/**
 * A process that holds what must outlive the server: it is started detached, and found again by its socket. It ends with exit code 0
 * when another one was faster. When it died it is replaced at the next request, and takes up from disk what it held.
 */
export class HostProcess {
  readonly socket: string
  readonly #place: HostPlace
  readonly #folder: string
  #starting: Promise<void> | undefined
  #replacing: Promise<void> | undefined

  constructor(place: HostPlace) {
    this.#place = place
    this.#folder = path.join(place.dataFolder, place.folder)
    this.socket = socketPath(place.dataFolder, place.name)
  }

  /** Process id of the living host, if there is one. */
  async pid(): Promise<number | undefined> {
    return (await this.#health())?.pid
  }

  async #health(): Promise<Health | undefined> {
    try {
      const { body } = await askOverSocket(this.socket, {
        path: '/healthz',
        signal: AbortSignal.timeout(HEALTH_TIMEOUT_MILLISECONDS),
      })
      return body as Health
    } catch (error) {
      if (isNobodyThere(error)) return undefined
      throw this.#place.down({ reason: (error as Error).message, log: this.#log() }, error)
    }
  }

  /** Resolves when no host is on its way: one that is just being started has no process id yet. */
  async settled(): Promise<void> {
    await this.#starting?.catch(() => undefined)
  }

  /** Resolves when a host answers; starts one when there is none. */
  ensure(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  /** Asks the host, starting it first when nobody is there. Every request of its protocol may be repeated. */
  async ask(request: SocketRequest): Promise<{ status: number; body: unknown }> {
    await this.#current()
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await askOverSocket(this.socket, request)
      } catch (error) {
        if (!isNobodyThere(error) || attempt === 3) throw error
        await this.ensure()
      }
    }
  }

  /** Resolves when no process of another program or environment is there. */
  #current(): Promise<void> {
    if (this.#place.isReplaced !== true) return Promise.resolve()
    this.#replacing ??= this.#endOther().catch((error: unknown) => {
      this.#replacing = undefined
      throw error
    })
    return this.#replacing
  }

  async #endOther(): Promise<void> {
    const digest = digestOf(this.#place)
    const finished = performance.now() + FINISH_MILLISECONDS
    for (;;) {
      const health = await this.#health()
      if (health === undefined || health.digest === digest) return
      if (health.isBusy !== true || performance.now() > finished) return this.#end(health.pid)
      await sleep(POLL_MILLISECONDS)
    }
  }

  /** Resolves when it is gone: another one that starts before that gives way to it. */
  async #end(pid: number): Promise<void> {
    const deadline = performance.now() + END_MILLISECONDS
    for (let signal: NodeJS.Signals | 0 = 'SIGTERM'; isSent(pid, signal); signal = 0) {
      if (performance.now() > deadline)
        throw this.#place.down({
          reason: `process ${pid} runs an earlier program or environment, and does not end`,
          log: this.#log(),
        })
      await sleep(POLL_MILLISECONDS)
    }
  }

  #log(): string {
    return path.join(this.#folder, 'host.log')
  }

  async #start(): Promise<void> {
    if ((await this.pid()) !== undefined) return
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const [command = process.execPath, ...first] = this.#place.command
    const log = openSync(this.#log(), 'a', 0o600)
    const child = spawn(command, [...first, '--socket', this.socket, '--data', this.#folder], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...environmentOf(this.#place.environment ?? []), [DIGEST_VARIABLE]: digestOf(this.#place) },
    })
    closeSync(log)
    let ended: string | undefined
    child.on('error', (error) => (ended = error.message))
    child.on('exit', (code, signal) => code !== 0 && (ended = `it ended with ${signal ?? `exit code ${code}`}`))
    child.unref()
    const deadline = performance.now() + START_TIMEOUT_MILLISECONDS
    while ((await this.pid()) === undefined) {
      if (ended !== undefined) throw this.#place.down({ reason: ended, log: this.#log() })
      if (performance.now() > deadline) {
        child.kill('SIGKILL')
        throw this.#place.down({
          reason: `it did not answer in ${START_TIMEOUT_MILLISECONDS / 1000} s`,
          log: this.#log(),
        })
      }
      await sleep(POLL_MILLISECONDS)
    }
  }
}

const OF_EVERY_PROCESS = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ']

/** Of the operator's environment nothing but what the process needs. */
function environmentOf(names: readonly string[]): NodeJS.ProcessEnv {
  const given = [...OF_EVERY_PROCESS, ...names].map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** False when there is no such process. */
function isSent(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Of the program and of what it is told by its environment, in so far as it means something to this process alone. */
function digestOf({ command, environment = [] }: HostPlace): string {
  const [, program] = command
  const given = ['PATH', ...environment].map((name) => [name, process.env[name] ?? null])
  return createHash('sha256').update(JSON.stringify(given)).update(contentOf(program)).digest('hex')
}

/** Empty where it cannot be read: that is said when it is started. */
function contentOf(file: string | undefined): Buffer | string {
  try {
    return file === undefined ? '' : readFileSync(file)
  } catch {
    return ''
  }
}
