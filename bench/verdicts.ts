import path from 'node:path'
import { loadLab } from '../server/lessons/index.ts'
import type { ServerMessage } from '../protocol/live.ts'
import { startLabwright } from '../test/support/labwright.ts'
import { LiveClient } from '../test/support/live-client.ts'
import { figure, repeat, type Benchmark } from './measure.ts'

const labFolder = path.resolve(import.meta.dirname, '../labs/service-mesh')

/** From the end of the command that changes the cluster to the verdict on the live connection that the page draws from. */
export const verdicts: Benchmark = {
  name: 'verdicts',
  async run(runs, resources) {
    const labwright = resources.add(await startLabwright())
    const client = await LiveClient.login(labwright.link)
    resources.add({ [Symbol.asyncDispose]: async () => client.close() })
    const { id } = await client.startSession('service-mesh')
    await client.connect(id)
    const shell = await openShell(client)
    await playSolution(client, id, shell)
    const state = await repeat(runs, async (index) => {
      const namespace = `bench-${index}`
      const met = taskState(client, 'first-look', 'met')
      const changed = await shell(`kubectl create namespace ${namespace}`)
      const seen = await met
      const undone = taskState(client, 'first-look', 'fallen')
      await shell(`kubectl delete namespace ${namespace}`)
      await undone
      return seen - changed
    })
    const counting = await repeat(runs, async () => {
      const fallen = taskState(client, 'canary-90-10', 'fallen')
      await shell(`sed -E 's/weight: [0-9]+/weight: 50/' canary.yaml | kubectl apply -f -`)
      await fallen
      const met = taskState(client, 'canary-90-10', 'met')
      const changed = await shell('kubectl apply -f canary.yaml')
      return (await met) - changed
    })
    return [
      figure('verdicts: change to verdict, state check', state, 1000),
      figure('verdicts: change to verdict, counting check', counting, 3000),
    ]
  },
}

/** Resolves to the time at which the task's event with that state came. */
async function taskState(client: LiveClient, task: string, state: string): Promise<number> {
  const fits = (message: ServerMessage): boolean =>
    message.type === 'task' && message.task.id === task && message.task.state === state
  await client.next(fits)
  return performance.now()
}

/** Runs one command line at a time in a terminal; resolves to the time at which it had ended. */
async function openShell(client: LiveClient): Promise<(command: string) => Promise<number>> {
  const opened = client.next((message) => message.type === 'terminals' && message.terminals.length > 0)
  client.send({ type: 'open', name: 'bench', columns: 200, rows: 50 })
  const message = await opened
  const number = message.type === 'terminals' ? message.terminals.at(-1)!.number : 0
  let output = ''
  let wake = (): void => undefined
  client.onOutput((bytes) => {
    output += Buffer.from(bytes).toString()
    wake()
  })
  let count = 0
  return async (command) => {
    const mark = `done-${++count}-`
    // The mark is typed in two parts, so that the echo of the command line does not hold it.
    client.type(number, `${command}; echo "done-""${count}-$?"\r`)
    while (!output.includes(mark)) await new Promise<void>((resolve) => (wake = resolve))
    const ended = performance.now()
    output = output.slice(output.indexOf(mark) + mark.length)
    return ended
  }
}

async function playSolution(
  client: LiveClient,
  session: string,
  shell: (command: string) => Promise<number>,
): Promise<void> {
  const lab = await loadLab(labFolder)
  const install =
    'curl -sSL https://istio.io/downloadIstio | sh - && export PATH=$PWD/istio-1.31.0/bin:$PATH && istioctl install --set profile=demo -y && kubectl label namespace default istio-injection=enabled'
  await shell(install)
  for (const step of lab.steps.filter(({ id }) => ['deny-all', 'canary'].includes(id))) {
    await client.ask('POST', `/api/sessions/${session}/steps/${step.id}`)
    for (const { id } of step.files)
      await client.ask('POST', `/api/sessions/${session}/files`, { step: step.id, file: id })
  }
  const met = taskState(client, 'canary-90-10', 'met')
  await shell(
    'kubectl apply -f frontend.yaml -f reviews.yaml && kubectl wait --for=condition=Available deployment --all',
  )
  await shell('kubectl apply -f canary.yaml')
  await met
}
