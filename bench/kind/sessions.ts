import type { Resources } from '../../server/main/resources.ts'
import { docker } from '../../test/kind/support/world.ts'
import { startLabwright } from '../../test/support/labwright.ts'
import { LiveClient } from '../../test/support/live-client.ts'
import { waitFor } from '../../test/support/waiting.ts'
import { figure, temporaryFolder, withResources, type Benchmark } from '../measure.ts'
import { bareKind } from './bare-kind.ts'

const LAB = 'service-mesh'
const LONG_MILLISECONDS = 10 * 60_000

/** From the click on Start to a prompt that answers, on a real cluster: made for the one who clicks, or made before and paused. */
export const sessions: Benchmark = {
  name: 'sessions',
  async run(runs, resources) {
    const folder = await temporaryFolder(resources)
    const over: number[] = []
    for (let index = 0; index < runs; index++) {
      const reference = await bareKind(folder)
      const cold = await withResources(resources, async (own) => clickToPrompt(await serve(own, 0)))
      over.push(cold - reference)
    }
    const paused = await withResources(resources, async (own) => {
      const client = await serve(own, 1)
      const times: number[] = []
      for (let index = 0; index < runs; index++) {
        await waitFor(
          async () => (await docker('ps', '--quiet', '--filter', 'status=paused')) !== '',
          LONG_MILLISECONDS,
        )
        times.push(await clickToPrompt(client))
      }
      return times
    })
    return [
      figure('kind: cold session to prompt, beyond kind create cluster', over, 15_000),
      figure('kind: claim of a paused session to prompt', paused, 3000),
    ]
  },
}

async function serve(resources: Resources, spares: number): Promise<LiveClient> {
  const options = ['--provider', 'kind', '--spares', `${LAB}=${spares}`]
  const labwright = resources.add(await startLabwright({ arguments: options }))
  return LiveClient.login(labwright.link)
}

/** The session is deleted afterwards, which is not measured. */
async function clickToPrompt(client: LiveClient): Promise<number> {
  const begin = performance.now()
  const { id } = await client.startSession(LAB)
  await client.connect(id)
  try {
    const prompt = new Promise<number>((resolve) => {
      let said = ''
      client.onOutput((bytes) => {
        said += Buffer.from(bytes).toString()
        if (said.includes('$ ')) resolve(performance.now())
      })
    })
    client.send({ type: 'open', name: 'bench', columns: 100, rows: 30 })
    return (await prompt) - begin
  } finally {
    client.close()
    await client.ask('DELETE', `/api/sessions/${id}`)
  }
}
