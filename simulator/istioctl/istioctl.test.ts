import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { createCluster, type Cluster } from '../cluster.ts'
import { banner } from './install/progress.ts'
import { istioctl, type Outcome } from './testing/run.ts'

interface Recorded {
  name: string
  command: string
  exit: number
  stdin?: string
  stdout: string
  stderr: string
}

const recorded: Recorded[] = readFacts('istio-1.31/install.json')
let cluster: Cluster
let folder: string
let env: Record<string, string>
let stop: () => Promise<void>

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'istioctl-'))
  cluster = await createCluster()
  const listening = await cluster.listen()
  writeFileSync(path.join(folder, 'config'), cluster.kubeconfig(listening.port))
  env = { KUBECONFIG: path.join(folder, 'config') }
  stop = async () => listening[Symbol.asyncDispose]()
})

afterAll(async () => {
  await stop()
  cluster[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

function run(command: string, stdin = ''): Promise<Outcome> {
  return istioctl(command.split(' ').slice(1), { env, folder, stdin })
}

/** Waiting lines depend on how fast pods start; generated names differ. */
function comparable(text: string): string[] {
  return text
    .replace(banner, '<banner>\n')
    .split('\n')
    .filter((line) => !line.includes(' Waiting for '))
    .map((line) =>
      line
        .replace(/(Pod\/[a-z-]+)-[a-z0-9]{8,10}-[a-z0-9]{5}\./, '$1-<hash>.')
        .replace(/^ {2}Removed (.*Pod.*)\.$|^object: (.*Pod.*) is not.*$/, '  Pod $1$2'),
    )
}

function recording(name: string): Recorded {
  const found = recorded.find((entry) => entry.name === name)
  if (found === undefined) throw new Error(`${name} was not recorded`)
  return found
}

/** The recordings in an order that makes sense here: nothing installed, refusals, install, again, uninstall. */
const story = [
  'proxy-status with nothing installed',
  'precheck with nothing installed',
  'prompt: n',
  'prompt: end of input',
  'prompt: empty line',
  'wrong profile',
  'wrong --set path',
  'wrong --set component path',
  'wrong --set value type',
  'file missing',
  'unknown flag',
  'extra argument',
  'dry run',
  'profile demo',
  'demo over demo',
  'prompt: y',
  'install with revision',
  'uninstall revision',
  'uninstall nothing named',
  'uninstall unknown revision',
  'uninstall without -y, answer n',
  'uninstall dry run',
  'uninstall --purge after demo',
]

for (const name of story) {
  const row = recording(name)
  test(`${name}: ${row.command}`, async () => {
    const outcome = await run(row.command, row.stdin)
    expect(comparable(outcome.stderr).toSorted()).toEqual(comparable(row.stderr).toSorted())
    expect(comparable(outcome.stdout)).toEqual(comparable(row.stdout))
    expect(outcome.exit).toBe(row.exit)
  })
}

test('profile minimal over demo removes the gateways', async () => {
  await run('istioctl install --set profile=demo -y')
  const { stdout } = await run('istioctl install --set profile=minimal -y')
  expect(stdout).toContain('  Removed apps/v1, Kind=Deployment/istio-ingressgateway.istio-system.\n')
  expect(cluster.api.get('deployments.apps', 'istio-system', 'istio-egressgateway')).toBeUndefined()
  await run('istioctl uninstall --purge -y')
})

test('an unreachable cluster is named', async () => {
  const { exit, stderr } = await istioctl(['install', '-y'])
  expect(exit).toBe(1)
  expect(stderr).toContain(
    'Error: check minimum supported Kubernetes version: error getting Kubernetes version: Get "http://localhost:8080/version?timeout=15s": dial tcp localhost:8080: connect: connection refused',
  )
})
