import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FileBlock, Lab, Task } from '../../protocol/lab.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import { kubeconfigOf, type Cluster } from '../clusters/index.ts'
import type { Checker } from '../grading/index.ts'
import type { WorkspaceProvider } from '../workspaces/index.ts'
import type { Ground } from './ground.ts'

/** A script that takes longer than this is stuck. */
const SCRIPT_TIMEOUT_MILLISECONDS = 180_000

export interface GroundParts {
  lab: Lab
  workspaces: WorkspaceProvider
  check: Checker
  seed: number
  /** How long a check waits for its condition; scripts wait for what they start, so that little is left to wait for. */
  patienceMilliseconds: number
  signal: AbortSignal
}

/** What differs between providers: how a ground is forked, and what goes when it is closed. */
export interface GroundLife {
  fork(name: string, files: readonly FileBlock[]): Promise<Ground>
  end(): Promise<void>
  /** Something was done in the ground. */
  touched?(): void
}

export function newGroundId(name: string): string {
  return `proof-${name.slice(0, 15).replace(/-$/, '')}-${randomUUID().slice(0, 8)}`
}

/** A cluster, and a home on this machine. */
export class ClusterGround implements Ground {
  readonly #parts: GroundParts
  readonly #cluster: Cluster
  readonly #workspace: string
  readonly #life: GroundLife
  /** What the home holds: a fork begins with the same files. */
  readonly #files: FileBlock[] = []

  private constructor(parts: GroundParts, cluster: Cluster, workspace: string, life: GroundLife) {
    this.#parts = parts
    this.#cluster = cluster
    this.#workspace = workspace
    this.#life = life
  }

  static async enter(
    parts: GroundParts,
    cluster: Cluster,
    files: readonly FileBlock[],
    life: GroundLife,
  ): Promise<ClusterGround> {
    const workspace = newGroundId('home')
    const kubeconfig = kubeconfigOf(cluster.credentials('learner'), 'learner')
    await parts.workspaces.create({ id: workspace, kubeconfig, mirrors: parts.lab.mirrors })
    const ground = new ClusterGround(parts, cluster, workspace, life)
    await ground.#save(files)
    return ground
  }

  saveFiles(files: readonly FileBlock[]): Promise<void> {
    this.#life.touched?.()
    return this.#save(files)
  }

  async run(script: string): Promise<{ exitCode: number; output: string }> {
    this.#life.touched?.()
    const { lab, workspaces, signal } = this.#parts
    const text = await readFile(path.join(lab.folder, script), 'utf8')
    const options = { timeoutMilliseconds: SCRIPT_TIMEOUT_MILLISECONDS, signal }
    const { exitCode, output, timedOut } = await workspaces.run(this.#workspace, text, options)
    const late = `\nIt was ended after ${SCRIPT_TIMEOUT_MILLISECONDS / 1000} s.`
    return { exitCode, output: timedOut ? output + late : output }
  }

  check(task: Task): Promise<Verdict> {
    const { lab, check, patienceMilliseconds, signal } = this.#parts
    return check({ lab, task, cluster: this.#cluster, patienceMilliseconds, signal })
  }

  fork(name: string): Promise<Ground> {
    return this.#life.fork(name, this.#files)
  }

  async close(): Promise<void> {
    await this.#parts.workspaces.delete(this.#workspace)
    await this.#life.end()
  }

  async #save(files: readonly FileBlock[]): Promise<void> {
    for (const file of files) {
      await this.#parts.workspaces.writeFile(this.#workspace, file.path, file.text)
      this.#files.push(file)
    }
  }
}
