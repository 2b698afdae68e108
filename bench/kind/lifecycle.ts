import { KindWorld, soon } from '../../test/kind/support/world.ts'
import { figure, ratio, temporaryFolder, timed, type Benchmark } from '../measure.ts'
import { bareKind } from './bare-kind.ts'

/** A cluster's way from its making to its end, against `kind create cluster` alone, in turns. */
export const lifecycle: Benchmark = {
  name: 'lifecycle',
  async run(runs, resources) {
    const folder = await temporaryFolder(resources)
    const world = await KindWorld.create()
    resources.add({ [Symbol.asyncDispose]: () => world.remove() })
    const provider = world.open()
    const bare: number[] = []
    const made: number[] = []
    const reset: number[] = []
    const deleted: number[] = []
    const woken: number[] = []
    for (let index = 0; index < runs; index++) {
      bare.push(await bareKind(folder))
      const id = `bench-${index}`
      made.push(await timed(() => provider.create(id, soon())))
      reset.push(await timed(() => provider.reset(id)))
      await provider.pause(id)
      woken.push(await timed(() => provider.resume(id)))
      deleted.push(await timed(() => provider.delete(id)))
    }
    const reference = { name: 'kind create cluster', runs: bare }
    return [
      ratio('kind: a cluster with identities, limits and a kept start', made, reference, 2),
      ratio('kind: reset to the start', reset, reference, 0.5),
      figure('kind: a paused cluster goes on', woken, 1000),
      figure('kind: delete until nothing is left', deleted, 10_000),
    ]
  },
}
