import { clusterConformance } from '../../server/clusters/conformance.ts'
import { KindWorld, LONG_MILLISECONDS } from './support/world.ts'

clusterConformance(
  'kind',
  async () => {
    const world = await KindWorld.create()
    return { open: () => world.open(), remove: () => world.remove() }
  },
  LONG_MILLISECONDS,
)
