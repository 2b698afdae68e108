import { controlPlaneOf, toolboxOf, type ClusterName, type Engine } from './engine.ts'

/** Long: it runs when the node has nothing better to do. */
const LOOK_MILLISECONDS = 120_000

/**
 * Mebibytes that a cluster and its toolbox take on this machine's disk: a node's images, pods and logs lie below /var, a learner's files
 * in their home. Engines keep no quota of a node's volume, so it is measured. Undefined when it cannot be, in the time that it has.
 */
export async function diskUse(engine: Engine, cluster: ClusterName): Promise<number | undefined> {
  const look = async (container: string, folder: string): Promise<number | undefined> => {
    const command = ['nice', '-n', '19', 'du', '-sxm', folder]
    const result = await engine
      .exec(container, command, { timeoutMilliseconds: LOOK_MILLISECONDS })
      .catch(() => undefined)
    const used = /^(\d+)\s/.exec(result?.output ?? '')?.[1]
    return used === undefined ? undefined : Number(used)
  }
  const node = await look(controlPlaneOf(cluster), '/var')
  if (node === undefined) return undefined
  return node + ((await look(toolboxOf(cluster), '/home/learner')) ?? 0)
}
