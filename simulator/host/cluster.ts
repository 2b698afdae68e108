import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ClusterChange, ClusterDescription, ClusterSpec } from '../../protocol/simulator-host.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import { createCredentials, type Credentials, type Listening } from '../apiserver/index.ts'
import { createCluster, type Cluster } from '../cluster.ts'
import { installIstio } from './istio.ts'
import type { Api } from '../kubernetes/index.ts'

/** What a cluster's folder remembers beside its objects. */
interface Identity {
  id: string
  seed: number
  port: number
  credentials: Credentials
  istio?: 'demo'
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
  readonly #stopped = new AbortController()
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
   * Starts a cluster: a new one, or the one that its folder remembers, with the same credentials and, unless another is given, the same port.
   * Rejects with EADDRINUSE when the port is taken.
   */
  static async start(options: HostedClusterOptions): Promise<HostedCluster> {
    const { folder, from } = options
    const known = folder === undefined ? undefined : readIdentity(folder)
    if (folder !== undefined && known === undefined) prepare(folder, from)
    const identity = known ?? {
      id: options.id,
      seed: options.seed ?? 1,
      port: options.port ?? 0,
      credentials: createCredentials(Date.now()),
      ...(options.istio === undefined ? {} : { istio: options.istio }),
    }
    const port = options.port ?? identity.port
    const isEmpty = folder === undefined || !existsSync(path.join(folder, 'state'))
    const cluster = await createCluster({
      seed: identity.seed,
      credentials: identity.credentials,
      ...(folder === undefined ? {} : { folder: path.join(folder, 'state') }),
      ...(options.report === undefined ? {} : { report: options.report }),
    })
    try {
      if (isEmpty && identity.istio !== undefined) await installIstio(cluster.api, identity.istio)
      const listening = await cluster.listen(port)
      // A full disk does not keep a cluster from coming back: what it remembers is not written again.
      if (folder !== undefined && listening.port !== known?.port)
        writeIdentity(folder, { ...identity, port: listening.port })
      return new HostedCluster(identity, cluster, listening)
    } catch (error) {
      cluster[Symbol.dispose]()
      throw error
    }
  }

  /** Fires when the cluster is about to stop. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
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
    this.#stopped.abort()
    await this.#listening[Symbol.asyncDispose]()
    this.#cluster[Symbol.dispose]()
  }
}

/**
 * A folder for a new cluster, with the objects of another or none; the copy gets an address and credentials of its own. What stands there
 * without an identity is left of a cluster whose making was cut off, which nobody was told of.
 */
function prepare(folder: string, from: string | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  rmSync(path.join(folder, 'state'), { recursive: true, force: true })
  if (from !== undefined) cpSync(path.join(from, 'state'), path.join(folder, 'state'), { recursive: true })
}

/** Whether a cluster was completely made there. */
export function holdsCluster(folder: string): boolean {
  return existsSync(path.join(folder, identityFile))
}

/** Removes a cluster's folder; one that is only half removed is no cluster any more. */
export function removeCluster(folder: string): void {
  rmSync(path.join(folder, identityFile), { force: true })
  rmSync(folder, { recursive: true, force: true })
}

/** Removes all objects, or (when the process dies over it) none. */
export function removeObjects(folder: string): void {
  const aside = path.join(folder, 'state.removed')
  rmSync(aside, { recursive: true, force: true })
  if (existsSync(path.join(folder, 'state'))) renameSync(path.join(folder, 'state'), aside)
  rmSync(aside, { recursive: true, force: true })
}

const identityFile = 'cluster.json'

function readIdentity(folder: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, identityFile), 'utf8')) as Identity
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeIdentity(folder: string, identity: Identity): void {
  const file = path.join(folder, identityFile)
  writeFileSync(`${file}.new`, JSON.stringify(identity), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
