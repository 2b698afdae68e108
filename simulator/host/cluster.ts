import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ClusterChange, ClusterDescription, ClusterSpec } from '../../protocol/simulator-host.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import { createCredentials, type Credentials, type Listening } from '../apiserver/index.ts'
import { createCluster, type Cluster } from '../cluster.ts'
import type { Api } from '../kubernetes/index.ts'

/** What a cluster's folder remembers beside its objects. */
interface Identity {
  id: string
  seed: number
  port: number
  credentials: Credentials
}

export interface HostedClusterOptions extends ClusterSpec {
  /** Of this cluster alone; absent: in memory. */
  folder?: string
  /** A folder of another cluster whose objects this one begins with. */
  from?: string
  report?: (error: unknown, about: string) => void
}

/** A whole cluster that is being served. */
export class HostedCluster implements AsyncDisposable {
  readonly description: ClusterDescription
  readonly #cluster: Cluster
  readonly #listening: Listening

  private constructor(identity: Identity, cluster: Cluster, listening: Listening) {
    const { id, seed, credentials } = identity
    const { port } = listening
    this.description = {
      id,
      seed,
      port,
      server: `https://127.0.0.1:${port}`,
      certificateAuthority: credentials.authority.certificate,
      tokens: credentials.tokens,
    }
    this.#cluster = cluster
    this.#listening = listening
  }

  /**
   * Starts a cluster: a new one, or the one that its folder remembers, with the same port and credentials.
   * Rejects with EADDRINUSE when the port is taken.
   */
  static async start(options: HostedClusterOptions): Promise<HostedCluster> {
    const { folder, from } = options
    if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (folder !== undefined && from !== undefined) copyObjects(from, folder)
    const identity = (folder === undefined ? undefined : readIdentity(folder)) ?? {
      id: options.id,
      seed: options.seed ?? 1,
      port: options.port ?? 0,
      credentials: createCredentials(Date.now()),
    }
    const cluster = await createCluster({
      seed: identity.seed,
      credentials: identity.credentials,
      ...(folder === undefined ? {} : { folder: path.join(folder, 'state') }),
      ...(options.report === undefined ? {} : { report: options.report }),
    })
    try {
      const listening = await cluster.listen(identity.port)
      if (folder !== undefined) writeIdentity(folder, { ...identity, port: listening.port })
      return new HostedCluster(identity, cluster, listening)
    } catch (error) {
      cluster[Symbol.dispose]()
      throw error
    }
  }

  get api(): Api {
    return this.#cluster.api
  }

  probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal> {
    return this.#cluster.network.probe(request, signal)
  }

  /** Tells every change of every resource from now on. */
  onChange(listener: (change: ClusterChange) => void): Disposable {
    return this.#cluster.kernel.store.subscribe('*', ({ type, resource, object }) => {
      const { name, namespace } = object.metadata
      listener({ type, resource, name, ...(namespace === undefined ? {} : { namespace }) })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening[Symbol.asyncDispose]()
    this.#cluster[Symbol.dispose]()
  }
}

/** Objects only: the copy gets an address and credentials of its own. */
function copyObjects(from: string, to: string): void {
  rmSync(path.join(to, 'state'), { recursive: true, force: true })
  cpSync(path.join(from, 'state'), path.join(to, 'state'), { recursive: true })
}

function readIdentity(folder: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'cluster.json'), 'utf8')) as Identity
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeIdentity(folder: string, identity: Identity): void {
  const file = path.join(folder, 'cluster.json')
  writeFileSync(`${file}.new`, JSON.stringify(identity), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
