import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { kubeconfigOf } from '../../server/clusters/index.ts'
import { KindWorld, soon } from '../../test/kind/support/world.ts'
import { waitFor } from '../../test/support/waiting.ts'
import { figure, residentMebibytes, temporaryFolder, timed, type Benchmark } from '../measure.ts'

const run = promisify(execFile)
const CLUSTERS = 8

/** Eight learners on one machine: each one's kubectl, and what the provisioner takes for itself. */
export const sideBySide: Benchmark = {
  name: 'side-by-side',
  async run(runs, resources) {
    const folder = await temporaryFolder(resources)
    const world = await KindWorld.create()
    resources.add({ [Symbol.asyncDispose]: () => world.remove() })
    const provider = world.open()
    const configs: string[] = []
    for (let index = 0; index < CLUSTERS; index++) {
      const cluster = await provider.create(`side-${index}`, soon())
      const file = path.join(folder, cluster.id)
      await writeFile(file, kubeconfigOf(cluster.credentials('learner'), 'learner'), { mode: 0o600 })
      configs.push(file)
    }
    const getNodes = (config: string) => timed(() => run('kubectl', ['--kubeconfig', config, 'get', 'nodes']))
    // The last one has settled when all answer quickly once.
    await waitFor(async () => (await getNodes(configs.at(-1)!)) < 1000, 60_000)
    const slowest: number[] = []
    for (let round = 0; round < runs; round++) {
      const times: number[] = []
      for (const config of configs) times.push(await getNodes(config))
      slowest.push(Math.max(...times))
    }
    const memory = await residentMebibytes((await world.pid())!)
    return [
      figure(`kind: kubectl get nodes, the slowest of ${CLUSTERS} clusters`, slowest, 1000),
      figure(`kind: memory of the provisioner with ${CLUSTERS} clusters`, [memory], 150, 'MiB'),
    ]
  },
}
