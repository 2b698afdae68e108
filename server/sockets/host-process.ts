import { spawn } from 'node:child_process'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { socketPath } from './socket-path.ts'
import { askOverSocket, isNobodyThere, type SocketRequest } from './socket-http.ts'

const START_TIMEOUT_MILLISECONDS = 20_000
const HEALTH_TIMEOUT_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 15

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
  /** The error for a process that cannot be started or does not answer. */
  down(this: void, details: { reason: string; log: string }, cause?: unknown): Error
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

  constructor(place: HostPlace) {
    this.#place = place
    this.#folder = path.join(place.dataFolder, place.folder)
    this.socket = socketPath(place.dataFolder, place.name)
  }

  /** Process id of the living host, if there is one. */
  async pid(): Promise<number | undefined> {
    try {
      const { body } = await askOverSocket(this.socket, {
        path: '/healthz',
        signal: AbortSignal.timeout(HEALTH_TIMEOUT_MILLISECONDS),
      })
      return (body as { pid: number }).pid
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
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await askOverSocket(this.socket, request)
      } catch (error) {
        if (!isNobodyThere(error) || attempt === 3) throw error
        await this.ensure()
      }
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
      env: environmentOf(this.#place.environment ?? []),
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
