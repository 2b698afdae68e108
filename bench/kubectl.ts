import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { startCluster } from '../simulator/index.ts'
import { figure, ratio, repeat, temporaryFolder, timed, type Benchmark } from './measure.ts'
import { startStaticServer } from './static-server.ts'

const run = promisify(execFile)

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 10
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: web, image: nginx }] }
`

/** The real kubectl: applying ten replicas, and listing pods against a server that only hands out the same bytes. */
export const kubectl: Benchmark = {
  name: 'kubectl',
  async run(runs, resources) {
    const folder = await temporaryFolder(resources)
    const kubeconfig = path.join(folder, 'config')
    const cluster = await startCluster({ kubeconfig })
    resources.add({ [Symbol.asyncDispose]: () => cluster.stop() })
    const ask = (file: string, ...args: string[]): Promise<unknown> =>
      run('kubectl', args, { env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: file } })
    const apply = await repeat(runs, async (index) => {
      const file = path.join(folder, `web-${index}.yaml`)
      await writeFile(file, deployment(`web-${index}`))
      return timed(async () => {
        await ask(kubeconfig, 'apply', '-f', file)
        await ask(kubeconfig, 'wait', '--for=condition=Available', `deployment/web-${index}`)
      })
    })
    const still = await startStaticServer(kubeconfig, cluster.port, folder)
    resources.add({ [Symbol.asyncDispose]: async () => still.close() })
    const times: number[] = []
    const reference: number[] = []
    // Discovery is cached by the first call of each; what is compared are the calls after it.
    for (const file of [kubeconfig, still.kubeconfig]) await ask(file, 'get', 'pods')
    for (let index = 0; index < Math.max(runs, 11); index++) {
      times.push(await timed(() => ask(kubeconfig, 'get', 'pods')))
      reference.push(await timed(() => ask(still.kubeconfig, 'get', 'pods')))
    }
    return [
      figure('kubectl: apply of 10 replicas to all Available', apply, 1000),
      ratio('kubectl: get pods', times, { name: 'static HTTPS server, same bytes', runs: reference }, 1.5),
    ]
  },
}
