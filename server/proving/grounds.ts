import { optionsFor, type Cluster, type ClusterProvider } from '../clusters/index.ts'
import { applySetup } from '../sessions/setup.ts'
import { ClusterGround, newGroundId, type GroundLife, type GroundParts } from './cluster-ground.ts'
import type { ProvingGrounds } from './ground.ts'

/** A cluster as a learner would get it: of the lab's shape, with its set-up applied. */
export async function openCluster(parts: GroundParts, provider: ClusterProvider, name: string): Promise<Cluster> {
  const { lab, seed, signal } = parts
  const cluster = await provider.create(newGroundId(name), signal, { ...optionsFor(lab), images: lab.images, seed })
  await applySetup(lab, cluster.credentials('grader'), { log: () => undefined, signal })
  return cluster
}

/** Grounds on a provider that copies clusters: each fork is a cluster of its own. */
export function copyingGrounds(parts: GroundParts, provider: ClusterProvider): ProvingGrounds {
  const lifeOf = (cluster: Cluster): GroundLife => ({
    async fork(name, files) {
      const options = { from: cluster.id, seed: parts.seed }
      const copy = await provider.create(newGroundId(name), parts.signal, options)
      return ClusterGround.enter(parts, copy, files, lifeOf(copy))
    },
    end: () => provider.delete(cluster.id),
  })
  return {
    provider: provider.name,
    forks: 'copies',
    async open(name) {
      const cluster = await openCluster(parts, provider, name)
      return ClusterGround.enter(parts, cluster, [], lifeOf(cluster))
    },
  }
}
