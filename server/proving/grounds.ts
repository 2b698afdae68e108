import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FileBlock, Lab, Task } from '../../protocol/lab.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import { kubeconfigOf, optionsFor, type Cluster, type ClusterProvider } from '../clusters/index.ts'
import type { Checker } from '../grading/index.ts'
import { applySetup } from '../sessions/setup.ts'
import type { WorkspaceProvider } from '../workspaces/index.ts'
import type { Ground, ProvingGrounds } from './ground.ts'

/** A script that takes longer than this is stuck. */
const SCRIPT_TIMEOUT_MILLISECONDS = 180_000

export interface GroundParts {
  lab: Lab
  provider: ClusterProvider
  workspaces: WorkspaceProvider
  check: Checker
  seed: number
  /** How long a check waits for its condition; scripts wait for what they start, so that little is left to wait for. */
  patienceMilliseconds: number
  signal: AbortSignal
}

/** Grounds made of real clusters and workspaces of this machine. */
export function createGrounds(parts: GroundParts): ProvingGrounds {
  return {
    provider: parts.provider.name,
    async open(name) {
      const id = groundId(name)
      const cluster = await parts.provider.create(id, parts.signal, { ...optionsFor(parts.lab), seed: parts.seed })
      await applySetup(parts.lab, cluster.credentials('grader'), { log: () => undefined, signal: parts.signal })
      return ClusterGround.enter(parts, cluster, [])
    },
  }
}

function groundId(name: string): string {
  return `proof-${name.slice(0, 30)}-${randomUUID().slice(0, 8)}`
}

class ClusterGround implements Ground {
  readonly #parts: GroundParts
  readonly #cluster: Cluster
  /** What the home holds: a fork begins with the same files. */
  readonly #files: FileBlock[]

  private constructor(parts: GroundParts, cluster: Cluster, files: FileBlock[]) {
    this.#parts = parts
    this.#cluster = cluster
    this.#files = files
  }

  static async enter(parts: GroundParts, cluster: Cluster, files: FileBlock[]): Promise<ClusterGround> {
    const kubeconfig = kubeconfigOf(cluster.credentials('learner'), 'learner')
    await parts.workspaces.create({ id: cluster.id, kubeconfig, mirrors: parts.lab.mirrors })
    const ground = new ClusterGround(parts, cluster, [])
    await ground.saveFiles(files)
    return ground
  }

  async saveFiles(files: readonly FileBlock[]): Promise<void> {
    for (const file of files) {
      await this.#parts.workspaces.writeFile(this.#cluster.id, file.path, file.text)
      this.#files.push(file)
    }
  }

  async run(script: string): Promise<{ exitCode: number; output: string }> {
    const { lab, workspaces, signal } = this.#parts
    const text = await readFile(path.join(lab.folder, script), 'utf8')
    const options = { timeoutMilliseconds: SCRIPT_TIMEOUT_MILLISECONDS, signal }
    const { exitCode, output, timedOut } = await workspaces.run(this.#cluster.id, text, options)
    const late = `\nIt was ended after ${SCRIPT_TIMEOUT_MILLISECONDS / 1000} s.`
    return { exitCode, output: timedOut ? output + late : output }
  }

  check(task: Task): Promise<Verdict> {
    const { lab, check, patienceMilliseconds, signal } = this.#parts
    return check({ lab, task, cluster: this.#cluster, patienceMilliseconds, signal })
  }

  async fork(name: string): Promise<Ground> {
    const { provider, signal } = this.#parts
    const cluster = await provider.create(groundId(name), signal, { from: this.#cluster.id, seed: this.#parts.seed })
    return ClusterGround.enter(this.#parts, cluster, this.#files)
  }

  async close(): Promise<void> {
    await this.#parts.workspaces.delete(this.#cluster.id)
    await this.#parts.provider.delete(this.#cluster.id)
  }
}
