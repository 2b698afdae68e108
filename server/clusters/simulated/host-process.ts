import { spawn } from 'node:child_process'
import { mkdirSync, openSync, closeSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { serverError } from '../../../protocol/errors/server.ts'
import { socketPath } from '../../sockets/index.ts'
import { askOverSocket, isNobodyThere, type SocketRequest } from './socket-http.ts'

const START_TIMEOUT_MILLISECONDS = 20_000
const HEALTH_TIMEOUT_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 15

export interface HostOptions {
  /** Command and first arguments of the simulator host; `--socket PATH --data DIR` is added. */
  command: string[]
  dataFolder: string
  /** For what goes wrong while nobody waits for it. */
  log?: (error: unknown, about: string) => void
}

/**
 * The process that holds the simulated clusters. It is started detached and outlives the server, which finds it again by its socket.
 * When it died it is replaced at the next request, and its clusters come back from disk.
 */
export class HostProcess {
  readonly socket: string
  readonly #options: HostOptions
  readonly #folder: string
  #starting: Promise<void> | undefined

  constructor(options: HostOptions) {
    this.#options = options
    this.#folder = path.join(options.dataFolder, 'clusters')
    this.socket = socketPath(options.dataFolder, 'simulator')
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
      throw serverError('CLUSTER_HOST_DOWN', { reason: (error as Error).message, log: this.#log() }, error)
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
    rmSync(this.socket, { force: true })
    const [command = process.execPath, ...first] = this.#options.command
    const log = openSync(this.#log(), 'a', 0o600)
    const child = spawn(command, [...first, '--socket', this.socket, '--data', this.#folder], {
      detached: true,
      stdio: ['ignore', log, log],
      env: hostEnvironment(),
    })
    closeSync(log)
    let ended: string | undefined
    child.on('error', (error) => (ended = error.message))
    child.on('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`))
    child.unref()
    const deadline = performance.now() + START_TIMEOUT_MILLISECONDS
    while ((await this.pid()) === undefined) {
      if (ended !== undefined) throw serverError('CLUSTER_HOST_DOWN', { reason: ended, log: this.#log() })
      if (performance.now() > deadline) {
        child.kill('SIGKILL')
        throw serverError('CLUSTER_HOST_DOWN', {
          reason: `it did not answer in ${START_TIMEOUT_MILLISECONDS / 1000} s`,
          log: this.#log(),
        })
      }
      await sleep(POLL_MILLISECONDS)
    }
  }
}

/** Nothing of the operator's environment but what a Node process needs. */
function hostEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG, TZ } = process.env
  return Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR, LANG, TZ }).filter(([, value]) => value !== undefined))
}
