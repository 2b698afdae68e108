import os from 'node:os'
import { systemClock } from '../../protocol/clock.ts'
import { BARE, createPool, type ClusterPool, type ClusterProvider, type Wanted } from '../clusters/index.ts'
import { emptyShape, preparedShape, type Labs, type ShapeOf } from '../sessions/index.ts'
import type { Config } from './config.ts'
import type { Makers } from './grounds.ts'
import type { Resources } from './resources.ts'
import { spareSize } from './schedule.ts'

/** A real cluster takes minutes on a slow machine; what is stuck is ended by whoever makes it, long before. */
const CREATE_MILLISECONDS = 10 * 60_000

export interface Clusters {
  provider: ClusterProvider
  pool: ClusterPool
  shapeOf: ShapeOf
}

interface Opened {
  resources: Resources
  labs: Labs
  log: (error: unknown, about: string) => void
}

/** What makes clusters, and those that wait for the next sessions. */
export function openClusters(config: Config, { provider, kind, resources, labs, log }: Makers & Opened): Clusters {
  resources.add(provider)
  const onError = (error: unknown) => log(error, 'making a spare cluster')
  const common = { clock: systemClock, createMilliseconds: CREATE_MILLISECONDS, onError }
  if (kind === undefined) {
    const wanted = () => [{ shape: BARE, size: config.spareClusters }]
    return { provider, pool: resources.add(createPool(provider, { ...common, wanted })), shapeOf: emptyShape }
  }
  const shapeOf = preparedShape(kind)
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
    pool: resources.add(createPool(provider, { ...common, wanted, isIdle, still: kind })),
    shapeOf,
  }
}
