import { serverError } from '../../protocol/errors/server.ts'
import type { Lab } from '../../protocol/lab.ts'
import { kubeconfigOf, type Cluster, type ClusterPool, type ClusterProvider } from '../clusters/index.ts'
import type { ClusterTier } from '../../protocol/session.ts'
import type { ShellSpec, WorkspaceProvider } from '../workspaces/index.ts'
import type { Attempt } from './attempt.ts'
import type { PhaseWork } from './preparation.ts'
import type { Phase } from './life.ts'
import { applySetup } from './setup.ts'
import type { ShapeOf } from './shapes.ts'

export interface GroundTools {
  provider: ClusterProvider
  pool: ClusterPool
  shapeOf: ShapeOf
  workspaces: WorkspaceProvider
  /** Ends the shells of a session's terminals. */
  endShells(this: void, session: string): Promise<void>
}

/** What a session stands on: its cluster and its workspace. */
export class Ground {
  readonly #attempt: Attempt
  readonly #lab: Lab
  readonly #tools: GroundTools
  #cluster: Cluster | undefined
  /** The cluster was claimed with the lab's set-up in it. */
  #isPrepared = false
  #sandboxed = false
  #notes: string[] = []

  constructor(attempt: Attempt, tools: GroundTools) {
    this.#attempt = attempt
    this.#lab = attempt.lab
    this.#tools = tools
  }

  /** The session's cluster, once it is claimed or found. @throws CLUSTER_UNKNOWN before */
  get cluster(): Cluster {
    if (this.#cluster === undefined) throw serverError('CLUSTER_UNKNOWN', { cluster: this.claimedCluster ?? 'yet' })
    return this.#cluster
  }

  get claimedCluster(): string | undefined {
    return this.#attempt.last('cluster-claimed')?.cluster
  }

  /** True when shells see nothing of this machine but the system and their own home. */
  get sandboxed(): boolean {
    return this.#sandboxed
  }

  get clusters(): ClusterTier {
    return this.#tools.provider.name
  }

  /** What the learner will miss on this machine. */
  get notes(): string[] {
    return this.#notes
  }

  /** The phases of preparation. Each may be run again. */
  readonly work: Record<Phase, PhaseWork> = {
    cluster: (log, signal) => this.#claim(log, signal),
    tools: (log) => this.#makeWorkspace(log),
    setup: (log, signal) => this.#setUp(log, signal),
  }

  /** Finds the cluster of an earlier run of the server. @throws CLUSTER_UNKNOWN when it is gone */
  async find(): Promise<void> {
    const claimed = this.claimedCluster
    this.#cluster ??= claimed === undefined ? undefined : await this.#tools.provider.find(claimed)
    if (this.#cluster === undefined) throw serverError('CLUSTER_UNKNOWN', { cluster: claimed ?? 'yet' })
  }

  /** Takes cluster and workspace up again: another run of the server may have made them. */
  async adopt(): Promise<void> {
    await this.find()
    await this.#makeWorkspace(() => undefined)
  }

  shell(): ShellSpec {
    return this.#tools.workspaces.shell(this.#attempt.id)
  }

  writeFile(path: string, text: string): Promise<string> {
    return this.#tools.workspaces.writeFile(this.#attempt.id, path, text)
  }

  /** Ends shells, files and cluster. */
  async release(): Promise<void> {
    const { endShells, workspaces, provider } = this.#tools
    await endShells(this.#attempt.id)
    await workspaces.delete(this.#attempt.id)
    if (this.claimedCluster !== undefined) await provider.delete(this.claimedCluster)
  }

  /** A cluster that no event names would be nobody's: when the claim cannot be stored, it is given up. */
  async #take(log: (line: string) => void, signal: AbortSignal): Promise<Cluster> {
    const { pool, shapeOf } = this.#tools
    const { cluster, isPrepared } = await pool.claim(shapeOf(this.#lab), signal, log)
    this.#isPrepared = isPrepared
    try {
      await this.#attempt.record({ type: 'cluster-claimed', cluster: cluster.id })
    } catch (error) {
      await this.#tools.provider.delete(cluster.id)
      throw error
    }
    return cluster
  }

  async #claim(log: (line: string) => void, signal: AbortSignal): Promise<void> {
    const claimed = this.claimedCluster
    const found = claimed === undefined ? undefined : await this.#tools.provider.find(claimed)
    this.#cluster = found !== undefined && this.#isResetAsked() ? await this.#reset(found, log) : found
    this.#cluster ??= await this.#take(log, signal)
    const { server } = this.cluster.credentials('learner', this.#tools.workspaces.standpoint)
    log(`the Kubernetes API answers at ${server}`)
  }

  /** True from the wish for a reset until the cluster was ready once after it. */
  #isResetAsked(): boolean {
    const { events } = this.#attempt
    const since = events.findLastIndex(({ type }) => type === 'reset')
    return since >= 0 && !events.slice(since).some((event) => event.type === 'phase-done' && event.phase === 'cluster')
  }

  /** Undefined when it cannot be led back: then it is ended, and another one is taken. */
  async #reset(cluster: Cluster, log: (line: string) => void): Promise<Cluster | undefined> {
    const { provider } = this.#tools
    try {
      await provider.reset(cluster.id)
      return await provider.find(cluster.id)
    } catch (error) {
      log(`this cluster could not be reset, so another one is made: ${(error as Error).message}`)
      await provider.delete(cluster.id)
      return undefined
    }
  }

  async #setUp(log: (line: string) => void, signal: AbortSignal): Promise<void> {
    const { prepare } = this.#tools.shapeOf(this.#lab)
    if (prepare === undefined) return applySetup(this.#lab, this.cluster.credentials('grader'), { log, signal })
    if (this.#isPrepared) return log('it was done before you came')
    await prepare(this.cluster, signal, log)
  }

  async #makeWorkspace(log: (line: string) => void): Promise<void> {
    const { workspaces } = this.#tools
    const workspace = await workspaces.create({
      id: this.#attempt.id,
      kubeconfig: kubeconfigOf(this.cluster.credentials('learner', workspaces.standpoint), 'learner'),
      mirrors: this.#lab.mirrors,
      cluster: this.cluster.id,
    })
    this.#sandboxed = workspace.sandboxed
    this.#notes = workspace.notes
    for (const note of workspace.notes) log(note)
  }
}
