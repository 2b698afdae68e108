import { LabwrightError } from '../../../protocol/errors/error.ts'
import { serverError } from '../../../protocol/errors/server.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type { ClusterDescription } from '../../../protocol/simulator-host.ts'
import type { Credentials } from '../credentials.ts'
import type { Cluster, ClusterNotice, ClusterProvider, CreateOptions, Identity } from '../provider.ts'
import { HostProcess, type SocketRequest } from '../../sockets/index.ts'
import type { ClusterStreams } from '../streams.ts'
import { hostStreams } from './changes.ts'

const REQUEST_TIMEOUT_MILLISECONDS = 30_000

export interface HostOptions {
  /** Command and first arguments of the simulator host. */
  command: string[]
  dataFolder: string
  /** For what goes wrong while nobody waits for it. */
  log?: (error: unknown, about: string) => void
}

/** Clusters of the simulator, in a process of their own. */
export function simulatedClusters(options: HostOptions): ClusterProvider {
  return new SimulatedClusters(simulatorHost(options), options.log)
}

/** The process that holds the simulated clusters. */
export function simulatorHost({ command, dataFolder }: HostOptions): HostProcess {
  const down = (details: { reason: string; log: string }, cause?: unknown) =>
    serverError('CLUSTER_HOST_DOWN', details, cause)
  return new HostProcess({ command, dataFolder, name: 'simulator', folder: 'clusters', down })
}

class SimulatedClusters implements ClusterProvider {
  readonly name = 'simulated'
  readonly #host: HostProcess
  readonly #streams: ClusterStreams

  constructor(host: HostProcess, log: HostOptions['log']) {
    this.#host = host
    this.#streams = hostStreams(host, log ?? (() => undefined))
  }

  async create(id: string, signal: AbortSignal, options: CreateOptions = {}): Promise<Cluster> {
    const { from, istio, seed } = options
    const body = { id, from, istio, seed }
    return this.#cluster((await this.#ask({ method: 'POST', path: '/clusters', body, signal })) as ClusterDescription)
  }

  async find(id: string): Promise<Cluster | undefined> {
    try {
      return this.#cluster((await this.#ask({ path: pathOf(id), signal: limit() })) as ClusterDescription)
    } catch (error) {
      if (error instanceof LabwrightError && error.code === 'CLUSTER_UNKNOWN') return undefined
      throw error
    }
  }

  async reset(id: string): Promise<void> {
    await this.#ask({ method: 'POST', path: `${pathOf(id)}/reset`, signal: limit() })
    this.#streams.cut(id)
  }

  async delete(id: string): Promise<void> {
    const answer = await this.#host.ask({ method: 'DELETE', path: pathOf(id), signal: limit() })
    if (answer.status !== 404) this.#check(answer, id)
    this.#streams.cut(id)
  }

  async list(): Promise<string[]> {
    return ((await this.#ask({ path: '/clusters', signal: limit() })) as ClusterDescription[]).map(({ id }) => id)
  }

  /** Ends the host when it holds no cluster: learners' clusters outlive the server, an empty process does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.settled()
    const pid = await this.#host.pid()
    if (pid !== undefined && (await this.list()).length === 0) process.kill(pid, 'SIGTERM')
  }

  async #ask(request: SocketRequest): Promise<unknown> {
    return this.#check(await this.#host.ask(request), request.path)
  }

  #check({ status, body }: { status: number; body: unknown }, cluster: string): unknown {
    if (status === 404) throw serverError('CLUSTER_UNKNOWN', { cluster })
    if (status >= 400)
      throw serverError('CLUSTER_REFUSED', { reason: (body as { message?: string })?.message ?? `status ${status}` })
    return body
  }

  #cluster(description: ClusterDescription): Cluster {
    return new SimulatedCluster(this.#host, this.#streams, description)
  }
}

class SimulatedCluster implements Cluster {
  readonly id: string
  readonly #host: HostProcess
  readonly #streams: ClusterStreams
  readonly #description: ClusterDescription

  constructor(host: HostProcess, streams: ClusterStreams, description: ClusterDescription) {
    this.id = description.id
    this.#streams = streams
    this.#host = host
    this.#description = description
  }

  credentials(identity: Identity): Credentials {
    const { server, certificateAuthority, tokens } = this.#description
    return { server, certificateAuthority, token: tokens[identity] }
  }

  async probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal> {
    const { status, body } = await this.#host.ask({
      method: 'POST',
      path: `${pathOf(this.id)}/probe`,
      body: request,
      signal,
    })
    if (status === 200 || (status === 409 && isRefusal(body))) return body as ProbeResult | ProbeRefusal
    if (status === 404) throw serverError('CLUSTER_UNKNOWN', { cluster: this.id })
    throw serverError('CLUSTER_REFUSED', { reason: (body as { message?: string })?.message ?? `status ${status}` })
  }

  watch(listener: (notice: ClusterNotice) => void): Disposable {
    return this.#streams.follow(this.id, listener)
  }
}

const pathOf = (id: string) => `/clusters/${encodeURIComponent(id)}`
const limit = () => AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS)
const isRefusal = (body: unknown) => typeof (body as ProbeRefusal | undefined)?.refusal === 'string'
