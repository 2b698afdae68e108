import type { Cluster, KindClusterProvider } from '../clusters/index.ts'
import { ClusterGround, type GroundLife, type GroundParts } from './cluster-ground.ts'
import type { ProvingGrounds } from './ground.ts'
import { openCluster } from './grounds.ts'
import { containersOf, waitForNewContainers, type Containers } from './settled.ts'

/** Grounds on a provider whose clusters cannot be copied, but lead back to a state that was kept. */
export function turningGrounds(parts: GroundParts, provider: KindClusterProvider): ProvingGrounds {
  return {
    provider: provider.name,
    forks: 'turns',
    async open(name) {
      const cluster = await openCluster(parts, provider, name)
      return ClusterGround.enter(parts, cluster, [], new Turns(parts, provider, cluster))
    },
  }
}

class Turns implements GroundLife {
  readonly #parts: GroundParts
  readonly #provider: KindClusterProvider
  readonly #cluster: Cluster
  /** What ran in the cluster when its state was kept; undefined after something was done in it since. */
  #kept: Containers | undefined

  constructor(parts: GroundParts, provider: KindClusterProvider, cluster: Cluster) {
    this.#parts = parts
    this.#provider = provider
    this.#cluster = cluster
  }

  touched(): void {
    this.#kept = undefined
  }

  async fork(_: string, files: Parameters<GroundLife['fork']>[1]): Promise<ClusterGround> {
    this.#kept ??= await this.#keep()
    const before = this.#kept
    return ClusterGround.enter(this.#parts, this.#cluster, files, {
      fork: () => Promise.reject(new Error('a fork that has its turn is not forked')),
      end: async () => {
        await this.#provider.reset(this.#cluster.id)
        // Every process was killed: who ran then runs again before the next one's turn.
        this.#kept = await waitForNewContainers(this.#cluster.credentials('grader'), before, this.#parts.signal)
      },
    })
  }

  end(): Promise<void> {
    return this.#provider.delete(this.#cluster.id)
  }

  async #keep(): Promise<Containers> {
    const running = await containersOf(this.#cluster.credentials('grader'), this.#parts.signal)
    await this.#provider.keep(this.#cluster.id)
    return running
  }
}
