import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { ClusterSpec } from '../../protocol/simulator-host.ts'
import { HostedCluster } from './cluster.ts'

/** The clusters of one host, each in a folder of its own name below `data`. */
export class HostedClusters implements AsyncDisposable {
  readonly #data: string
  readonly #report: (error: unknown, about: string) => void
  readonly #clusters = new Map<string, Promise<HostedCluster>>()

  constructor(data: string, report: (error: unknown, about: string) => void) {
    this.#data = data
    this.#report = report
  }

  /** Takes up all clusters that the data folder remembers; one that cannot be is reported and left as it is. */
  async restore(): Promise<void> {
    const ids = readdirSync(this.#data, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    await Promise.all(
      ids.map(({ name }) => this.create({ id: name }).catch((error: unknown) => this.#report(error, name))),
    )
  }

  get ids(): string[] {
    return [...this.#clusters.keys()]
  }

  get(id: string): Promise<HostedCluster> | undefined {
    return this.#clusters.get(id)
  }

  /** The cluster of that id, made when it is not there; `from` names another whose objects it begins with. */
  create(spec: ClusterSpec): Promise<HostedCluster> {
    const there = this.#clusters.get(spec.id)
    if (there !== undefined) return there
    const cluster = HostedCluster.start({
      ...spec,
      folder: this.#folder(spec.id),
      report: (error, about) => this.#report(error, `${spec.id}: ${about}`),
      ...(spec.from === undefined ? {} : { from: this.#folder(spec.from) }),
    })
    this.#clusters.set(spec.id, cluster)
    cluster.catch(() => this.#clusters.delete(spec.id))
    return cluster
  }

  async delete(id: string): Promise<void> {
    await this.#stop(id)
    rmSync(this.#folder(id), { recursive: true, force: true })
  }

  /** Empty again; address and credentials stay. */
  async reset(id: string): Promise<HostedCluster> {
    await this.#stop(id)
    rmSync(path.join(this.#folder(id), 'state'), { recursive: true, force: true })
    return this.create({ id })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.ids.map((id) => this.#stop(id)))
  }

  async #stop(id: string): Promise<void> {
    const cluster = await this.#clusters.get(id)?.catch(() => undefined)
    this.#clusters.delete(id)
    await cluster?.[Symbol.asyncDispose]()
  }

  #folder(id: string): string {
    return path.join(this.#data, id)
  }
}
