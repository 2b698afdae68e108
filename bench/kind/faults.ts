import { setTimeout as sleep } from 'node:timers/promises'
import { kindOrphans } from '../../server/clusters/kind/index.ts'
import { KindWorld, soon } from '../../test/kind/support/world.ts'
import { randomFrom } from '../../test/support/fake-engine.ts'
import { waitFor } from '../../test/support/waiting.ts'
import { figure, timed, type Benchmark } from '../measure.ts'

const CYCLES = 20
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32))
/** About as long as a cluster takes: a death falls into every part of its making, or after it. */
const LATEST_DEATH_MILLISECONDS = 25_000

/** Real clusters are made and deleted while the provisioner is killed at random moments; what is left at the end is nobody's. */
export const faults: Benchmark = {
  name: 'faults',
  async run(_, resources) {
    console.error(`faults: SEED=${SEED}`)
    const random = randomFrom(SEED)
    const world = await KindWorld.create()
    resources.add({ [Symbol.asyncDispose]: () => world.remove() })
    let stuck = 0
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const provider = world.open()
      const making = provider.create(`cycle-${cycle}`, soon()).then(
        () => 'made',
        () => 'refused',
      )
      await sleep(random() * LATEST_DEATH_MILLISECONDS)
      const pid = await world.pid()
      if (pid !== undefined && random() < 0.7) process.kill(pid, 'SIGKILL')
      if ((await Promise.race([making, sleep(120_000, 'stuck')])) === 'stuck') stuck += 1
      if (random() < 0.8) await provider.delete(`cycle-${cycle}`)
    }
    const provider = world.open()
    for (const id of await provider.list()) await provider.delete(id)
    const swept = await timed(() =>
      waitFor(async () => (await world.left()).length === 0, 60_000).catch(() => undefined),
    )
    const { steps } = await kindOrphans({ command: world.command, dataFolder: world.folder })
    return [
      figure(`kind: cycles of ${CYCLES} that were stuck`, [stuck], 0, 'cycles'),
      figure(
        `kind: objects left after ${CYCLES} cycles of kill -9`,
        [(await world.left()).length + steps.length],
        0,
        'objects',
      ),
      figure('kind: until nothing was left', [swept], 60_000),
    ]
  },
}
