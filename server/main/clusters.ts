import os from 'node:os'
import path from 'node:path'
import { systemClock } from '../../protocol/clock.ts'
import {
  BARE,
  createPool,
  kindClusters,
  simulatedClusters,
  type ClusterPool,
  type ClusterProvider,
  type Wanted,
} from '../clusters/index.ts'
import { emptyShape, preparedShape, type Labs, type ShapeOf } from '../sessions/index.ts'
import type { Config } from './config.ts'
import type { Resources } from './resources.ts'
import { spareSize } from './schedule.ts'

/** A real cluster takes minutes on a slow machine; what is stuck is ended by whoever makes it, long before. */
const CREATE_MILLISECONDS = 10 * 60_000

export interface Clusters {
  provider: ClusterProvider
  pool: ClusterPool
  shapeOf: ShapeOf
}

/** What makes clusters, and those that wait for the next sessions. */
export function openClusters(
  config: Config,
  { resources, labs, log }: { resources: Resources; labs: Labs; log: (error: unknown, about: string) => void },
): Clusters {
  const command = (program: string) => [process.execPath, path.join(config.dist, `${program}.js`)]
  const about = { dataFolder: config.data, log }
  const onError = (error: unknown) => log(error, 'making a spare cluster')
  const common = { clock: systemClock, createMilliseconds: CREATE_MILLISECONDS, onError }
  if (config.provider === 'simulated') {
    const provider = resources.add(simulatedClusters({ command: command('simulator-host'), ...about }))
    const wanted = () => [{ shape: BARE, size: config.spareClusters }]
    return { provider, pool: resources.add(createPool(provider, { ...common, wanted })), shapeOf: emptyShape }
  }
  const provider = resources.add(kindClusters({ command: command('provisioner'), ...about }))
  const shapeOf = preparedShape(provider)
  const wanted = async (): Promise<Wanted[]> => {
    const now = new Date()
    const minute = now.getHours() * 60 + now.getMinutes()
    const sizeOf = (lab: string) => spareSize(config.spares, lab, minute, config.spareClusters)
    return (await labs.list()).map((lab) => ({ shape: shapeOf(lab), size: sizeOf(lab.id) }))
  }
  // Sessions come first: a spare is begun when the processors have room for one.
  const isIdle = () => os.loadavg()[0]! < os.availableParallelism()
  return {
    provider,
    pool: resources.add(createPool(provider, { ...common, wanted, isIdle, still: provider })),
    shapeOf,
  }
}
