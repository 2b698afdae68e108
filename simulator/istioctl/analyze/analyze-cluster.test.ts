import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { createCluster, type Cluster } from '../../cluster.ts'
import { istioctl } from '../testing/run.ts'

interface Recorded {
  name: string
  mode: string
  command: string
  files: Record<string, string>
  exit: number
  stdout: string
  stderr: string
}

const rows: Recorded[] = readFacts('istio-1.31/analyze.json').filter((row: Recorded) => row.mode === 'cluster')
let folder: string
let cluster: Cluster
let env: Record<string, string>
let stop: () => Promise<void>

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'analyze-'))
  cluster = await createCluster()
  const listening = await cluster.listen()
  writeFileSync(path.join(folder, 'config'), cluster.kubeconfig(listening.port))
  env = { KUBECONFIG: path.join(folder, 'config') }
  stop = async () => listening[Symbol.asyncDispose]()
  await istioctl(['install', '--set', 'profile=demo', '-y'], { env })
  await cluster.api.mutate('namespaces', undefined, 'default', (object) => {
    object.metadata.labels = { ...object.metadata.labels, 'istio-injection': 'enabled' }
  })
})

afterAll(async () => {
  await stop()
  cluster[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** Kinds and analyzers that this build does not know. */
const notCovered: Record<string, string> = {
  'cluster: schema: several errors': 'durations that the CRD refuses',
  'cluster: schema: duration bad': 'durations that the CRD refuses',
  'cluster: service entry schema error': 'hosts that the CRD refuses',
  'cluster: webhook service missing': 'webhooks that overlap',
  'cluster: webhook good': 'webhooks that overlap',
  'cluster: list object': 'lines in a List are counted from elsewhere',
  'cluster: flag verbose': 'lists all analyzers of the real one',
  'cluster: webhook with url bad': 'webhooks that overlap',
}

for (const row of rows) {
  if (notCovered[row.name] !== undefined) continue
  test(row.name, async () => {
    for (const [name, text] of Object.entries(row.files)) writeFileSync(path.join(folder, name), text)
    const words = (row.command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
    const outcome = await istioctl(words.slice(1), { folder, env })
    const lines = (text: string): string[] => text.split('\n').toSorted()
    expect(lines(outcome.stdout)).toEqual(lines(row.stdout))
    expect(outcome.stderr).toBe(row.stderr)
    expect(outcome.exit).toBe(row.exit)
  })
}
