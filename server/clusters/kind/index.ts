import { setTimeout as sleep } from 'node:timers/promises'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { provisionerError } from '../../../protocol/errors/provisioner.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type {
  ClusterSummary,
  OrphanReport,
  ProvisionedCluster,
  Toolbox,
  ToolboxOrder,
} from '../../../protocol/provisioner.ts'
import { HostProcess, type SocketRequest } from '../../sockets/index.ts'
import type { Credentials } from '../credentials.ts'
import type { Cluster, ClusterNotice, ClusterProvider, CreateOptions, Identity, Standpoint } from '../provider.ts'
import { ApiBreach } from './bounds.ts'
import { errorOf } from './failures.ts'
import { ClusterStreams } from '../streams.ts'
import { watchApi } from './watch-api.ts'

/** A cluster that was not made in ten minutes never will be: kind's own waiting ends long before. */
const SLOW_MILLISECONDS = 10 * 60_000
const QUICK_MILLISECONDS = 30_000
/** A container starts in a second; behind whatever else is done for its cluster it waits. */
const TOOLBOX_MILLISECONDS = 2 * 60_000
/** Of an API server that says what none of ours does, nothing more is read for so long. */
const BREACH_MILLISECONDS = 5000
/** What `docker` and `kind` need to find their engine, and what names the node image. */
const ENVIRONMENT = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'XDG_RUNTIME_DIR',
  'LABWRIGHT_DISK_GIBIBYTES',
  'LABWRIGHT_FIREWALL',
  'LABWRIGHT_NODE_IMAGE',
  'LABWRIGHT_ISTIOCTL',
  'LABWRIGHT_WORKSPACE_IMAGE',
]

export interface KindOptions {
  /** Command and first arguments of the provisioner. */
  command: string[]
  dataFolder: string
  /** For what goes wrong while nobody waits for it. */
  log?: (error: unknown, about: string) => void
}

/** How the provisioner is asked. */
export type Ask = (request: SocketRequest) => Promise<{ status: number; body: unknown }>

export interface KindClusterProvider extends ClusterProvider {
  /** A paused cluster costs no CPU, and wakes in a second. */
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
  /** From now on a reset leads back to what is in the cluster now. */
  keep(id: string): Promise<void>
  /** A container for a session's shells in the cluster's network; the one that is there when there is one. */
  createToolbox(id: string, order?: ToolboxOrder): Promise<Toolbox>
  /** No error when there is none. */
  removeToolbox(id: string): Promise<void>
}

/** Real clusters, made by kind in containers. The process that makes them is started when it is needed, and outlives the server. */
export function kindClusters({ command, dataFolder, log }: KindOptions): KindClusterProvider {
  const provisioner = kindProvisioner({ command, dataFolder }, { isReplaced: true })
  return new KindClusters((request) => provisioner.ask(request), log)
}

/** The process that makes clusters. `isReplaced`: by one of this program and environment, when it is of another. */
export function kindProvisioner(
  { command, dataFolder }: Pick<KindOptions, 'command' | 'dataFolder'>,
  { isReplaced = false }: { isReplaced?: boolean } = {},
): HostProcess {
  const down = (details: { reason: string; log: string }, cause?: unknown) =>
    provisionerError('PROVISIONER_DOWN', details, cause)
  const place = { command, dataFolder, name: 'provisioner', folder: 'kind', environment: ENVIRONMENT }
  return new HostProcess({ ...place, isReplaced, down })
}

/** What the sweeper would do now, and why; a provisioner that has to be started for the answer does not sweep at its start. */
export async function kindOrphans(options: KindOptions): Promise<OrphanReport> {
  const looking = { ...options, command: [...options.command, '--look'] }
  const { status, body } = await kindProvisioner(looking).ask({
    path: '/orphans',
    signal: AbortSignal.timeout(QUICK_MILLISECONDS),
  })
  if (status !== 200) throw errorOf(status, body)
  return body as OrphanReport
}

export class KindClusters implements KindClusterProvider {
  readonly name = 'kind'
  readonly #ask: Ask
  readonly #streams: ClusterStreams
  /** When a cluster's API server last broke its bounds, on the clock of `performance.now`; the first time is logged. */
  readonly #breaches = new Map<string, number>()

  constructor(ask: Ask, log: KindOptions['log'] = () => undefined) {
    this.#ask = ask
    this.#streams = new ClusterStreams({
      read: async (id, signal, tell) => {
        const left = (this.#breaches.get(id) ?? -Infinity) + BREACH_MILLISECONDS - performance.now()
        if (left > 0) await sleep(left, undefined, { signal, ref: false })
        const description = await this.#describe(id)
        if (description === undefined) {
          this.#breaches.delete(id)
          return false
        }
        const { reason } = description
        if (reason !== undefined) throw provisionerError('CLUSTER_STOPPED', { reason })
        try {
          await watchApi(this.#cluster(description).credentials('grader'), signal, tell)
        } catch (error) {
          if (error instanceof ApiBreach) this.#breach(id, error, log)
          throw error
        }
        return true
      },
      isExpected: (error) => error instanceof ApiBreach,
      log,
    })
  }

  #breach(id: string, error: ApiBreach, log: NonNullable<KindOptions['log']>): void {
    if (!this.#breaches.has(id)) log(error, `following cluster ${id}`)
    this.#breaches.set(id, performance.now())
  }

  async create(id: string, signal: AbortSignal, options: CreateOptions = {}): Promise<Cluster> {
    if (options.from !== undefined) throw provisionerError('SHAPE_NOT_OFFERED', { shape: 'as a copy of another one' })
    // What is copied from an engine into a node has lost its digest: by digest, only the node itself can fetch it.
    const images = (options.images ?? []).filter((image) => !image.includes('@'))
    return this.#cluster(await this.#request('POST', '/clusters', signal, { id, images, istio: options.istio }))
  }

  async find(id: string): Promise<Cluster | undefined> {
    const description = await this.#describe(id)
    return description === undefined ? undefined : this.#cluster(description)
  }

  async #describe(id: string): Promise<ProvisionedCluster | undefined> {
    try {
      return (await this.#request('GET', pathOf(id), AbortSignal.timeout(QUICK_MILLISECONDS))) as ProvisionedCluster
    } catch (error) {
      if (error instanceof LabwrightError && error.code === 'CLUSTER_UNKNOWN') return undefined
      throw error
    }
  }

  async reset(id: string): Promise<void> {
    await this.#request('POST', `${pathOf(id)}/reset`, AbortSignal.timeout(SLOW_MILLISECONDS))
    this.#streams.cut(id)
  }

  async keep(id: string): Promise<void> {
    await this.#request('POST', `${pathOf(id)}/keep`, AbortSignal.timeout(SLOW_MILLISECONDS))
  }

  async pause(id: string): Promise<void> {
    await this.#request('POST', `${pathOf(id)}/pause`, AbortSignal.timeout(QUICK_MILLISECONDS))
  }

  async resume(id: string): Promise<void> {
    await this.#request('POST', `${pathOf(id)}/resume`, AbortSignal.timeout(QUICK_MILLISECONDS))
    this.#streams.cut(id)
  }

  async delete(id: string): Promise<void> {
    await this.#request('DELETE', pathOf(id), AbortSignal.timeout(SLOW_MILLISECONDS))
    this.#streams.cut(id)
  }

  async createToolbox(id: string, order: ToolboxOrder = {}): Promise<Toolbox> {
    const signal = AbortSignal.timeout(TOOLBOX_MILLISECONDS)
    return (await this.#request('POST', `${pathOf(id)}/toolbox`, signal, order)) as Toolbox
  }

  async removeToolbox(id: string): Promise<void> {
    await this.#request('DELETE', `${pathOf(id)}/toolbox`, AbortSignal.timeout(TOOLBOX_MILLISECONDS))
  }

  async list(): Promise<string[]> {
    const clusters = await this.#request('GET', '/clusters', AbortSignal.timeout(QUICK_MILLISECONDS))
    return (clusters as ClusterSummary[]).map(({ id }) => id)
  }

  /** Nothing to end: the provisioner goes by itself when it holds nothing and nobody asks it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #cluster(description: unknown): Cluster {
    return new KindCluster(this.#ask, this.#streams, description as ProvisionedCluster)
  }

  async #request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<unknown> {
    const answer = await this.#ask({ method, path, signal, ...(body === undefined ? {} : { body }) })
    if (answer.status >= 400) throw errorOf(answer.status, answer.body)
    return answer.body
  }
}

class KindCluster implements Cluster {
  readonly id: string
  readonly #ask: Ask
  readonly #streams: ClusterStreams
  readonly #description: ProvisionedCluster

  constructor(ask: Ask, streams: ClusterStreams, description: ProvisionedCluster) {
    this.id = description.id
    this.#ask = ask
    this.#streams = streams
    this.#description = description
  }

  credentials(identity: Identity, from: Standpoint = 'machine'): Credentials {
    const { serverInNetwork, certificateAuthority, identities } = this.#description
    const server = from === 'network' ? serverInNetwork : this.#description.server
    const { certificate, key } = identities[identity]
    return { server, certificateAuthority, clientCertificate: certificate, clientKey: key }
  }

  async probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal> {
    const { status, body } = await this.#ask({
      method: 'POST',
      path: `${pathOf(this.id)}/probe`,
      body: request,
      signal,
    })
    if (status === 200 || (status === 409 && isRefusal(body))) return body as ProbeResult | ProbeRefusal
    throw errorOf(status, body)
  }

  watch(listener: (notice: ClusterNotice) => void): Disposable {
    return this.#streams.follow(this.id, listener)
  }
}

const pathOf = (id: string) => `/clusters/${encodeURIComponent(id)}`
const isRefusal = (body: unknown) => typeof (body as ProbeRefusal | undefined)?.refusal === 'string'
