import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { ClusterSpec } from '../../protocol/simulator-host.ts'
import { HostedCluster, holdsCluster, removeCluster, removeObjects } from './cluster.ts'

/** The clusters of one host, each in a folder of its own name below `data`. What is asked of one cluster happens one after the other. */
export class HostedClusters implements AsyncDisposable {
  readonly #data: string
  readonly #report: (error: unknown, about: string) => void
  readonly #clusters = new Map<string, HostedCluster>()
  /** The last thing that each cluster was asked, while it is under way. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(data: string, report: (error: unknown, about: string) => void) {
    this.#data = data
    this.#report = report
  }

  /** Takes up all clusters that the data folder remembers; one that cannot be is reported and left as it is. */
  async restore(): Promise<void> {
    const ids = readdirSync(this.#data, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && holdsCluster(this.#folder(entry.name)))
      .map(({ name }) => name)
    await Promise.all(ids.map((id) => this.create({ id }).catch((error: unknown) => this.#report(error, id))))
  }

  get ids(): string[] {
    return [...this.#clusters.keys()]
  }

  /**
   * The cluster of that id, once what is under way with it is done. One that could not be taken up at the start (a full disk, a taken port)
   * is tried again; rejects when it still cannot be.
   */
  get(id: string): Promise<HostedCluster | undefined> {
    return this.#inTurn(id, async () => {
      const there = this.#clusters.get(id)
      return there ?? (this.#isKnown(id) ? this.#start({ id }) : undefined)
    })
  }

  /** The cluster of that id, made when it is not there; `from` names another whose objects it begins with. */
  create(spec: ClusterSpec): Promise<{ cluster: HostedCluster; isNew: boolean }> {
    return this.#inTurn(spec.id, async () => {
      const there = this.#clusters.get(spec.id)
      if (there !== undefined) return { cluster: there, isNew: false }
      return { cluster: await this.#start(spec), isNew: true }
    })
  }

  /** Resolves to whether there was such a cluster, be it one that cannot be taken up. */
  delete(id: string): Promise<boolean> {
    return this.#inTurn(id, async () => {
      if (!this.#isKnown(id)) return false
      await this.#stop(id)
      removeCluster(this.#folder(id))
      return true
    })
  }

  /** Empty again; address and credentials stay. Undefined: there is no such cluster. One whose objects cannot be read is mended by it. */
  reset(id: string): Promise<HostedCluster | undefined> {
    return this.#inTurn(id, async () => {
      if (!this.#isKnown(id)) return undefined
      await this.#stop(id)
      removeObjects(this.#folder(id))
      return this.#start({ id })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.ids.map((id) => this.#inTurn(id, () => this.#stop(id))))
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(id) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(id, turn)
    return turn.finally(() => {
      if (this.#turns.get(id) === turn) this.#turns.delete(id)
    })
  }

  async #start(spec: ClusterSpec): Promise<HostedCluster> {
    const { id, from, ...rest } = spec
    const cluster = await HostedCluster.start({
      ...rest,
      id,
      folder: this.#folder(id),
      report: (error, about) => this.#report(error, `${id}: ${about}`),
      ...(from === undefined ? {} : { from: this.#folder(from) }),
    })
    this.#clusters.set(id, cluster)
    return cluster
  }

  async #stop(id: string): Promise<void> {
    const cluster = this.#clusters.get(id)
    this.#clusters.delete(id)
    await cluster?.[Symbol.asyncDispose]()
  }

  /** Ids in questions may be anything, and become the name of a folder. */
  #isKnown(id: string): boolean {
    return this.#clusters.has(id) || (/^[\w-]+$/.test(id) && holdsCluster(this.#folder(id)))
  }

  #folder(id: string): string {
    return path.join(this.#data, id)
  }
}
