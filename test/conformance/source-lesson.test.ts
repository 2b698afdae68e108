import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubeconfigOf, simulatedClusters, type Cluster, type ClusterProvider } from '../../server/clusters/index.ts'
import { openMirrors } from '../../server/main/mirrors.ts'
import { createLocalWorkspaces, type WorkspaceProvider } from '../../server/workspaces/index.ts'

/**
 * The lesson that the product began with lies beside the repository. Its commands and its YAML must work as printed, in a learner's
 * workspace, one after the other.
 */
const root = path.resolve(import.meta.dirname, '../..')
const lesson = path.resolve(root, '../shared/reference/day-69-service-mesh-lessons.md')
const dist = path.join(root, 'dist')

let folder: string
let provider: ClusterProvider
let workspaces: WorkspaceProvider
let cluster: Cluster
let blocks: { language: string; text: string }[]

beforeAll(async () => {
  blocks = [...(await readFile(lesson, 'utf8')).matchAll(/```(\w+)\n([\s\S]*?)\n```/g)].map((block) => ({
    language: block[1]!,
    text: block[2]!,
  }))
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-lesson-'))
  const command = [process.execPath, path.join(dist, 'simulator-host.js')]
  provider = simulatedClusters({ command, dataFolder: folder })
  workspaces = await createLocalWorkspaces({ dataFolder: folder, ...openMirrors({ dist }) })
  cluster = await provider.create('lesson', AbortSignal.timeout(30_000))
  const kubeconfig = kubeconfigOf(cluster.credentials('learner'), 'learner')
  const mirrors = [{ url: 'https://istio.io/downloadIstio', mirror: 'istio' }]
  await workspaces.create({ id: 'lesson', kubeconfig, mirrors })
})

afterAll(async () => {
  await workspaces.close()
  await provider.delete('lesson')
  await provider[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

async function run(script: string): Promise<string> {
  const { exitCode, output } = await workspaces.run('lesson', `set -e\n${script}`, { timeoutMilliseconds: 120_000 })
  expect(output, output).toBeDefined()
  expect(exitCode, output).toBe(0)
  return output
}

const block = (language: string, holds: string): string => {
  const found = blocks.find((one) => one.language === language && one.text.includes(holds))
  if (found === undefined) throw new Error(`the lesson has no ${language} block with "${holds}"`)
  return found.text
}

const apply = (yaml: string): string => `kubectl apply -f - <<'YAML'\n${yaml}\nYAML`

describe('the source lesson, as printed', () => {
  it('the five commands of the installation', async () => {
    const output = await run(block('bash', 'downloadIstio'))
    expect(output).toContain('Installation complete')
    expect(output).toContain('namespace/default labeled')
  })

  it('the YAML of the secure namespace', async () => {
    const output = await run(`kubectl create namespace production\n${apply(block('yaml', 'kind: PeerAuthentication'))}`)
    expect(output.match(/ created$/gm)).toHaveLength(4)
  })

  it('the YAML of traffic management, with the warning of its deprecated field', async () => {
    const output = await run(apply(block('yaml', 'kind: VirtualService')))
    expect(output).toMatch(/^Warning: outlier detection consecutive errors is deprecated/m)
    expect(output).toContain('virtualservice.networking.istio.io/reviews created')
    expect(output).toContain('destinationrule.networking.istio.io/reviews created')
  })

  it('the clean-up', async () => {
    const output = await run(
      `kubectl create namespace mesh-demo\nkubectl create namespace no-mesh\n${block('bash', 'kubectl delete')}`,
    )
    expect(output).toContain('namespace "mesh-demo" deleted')
  })
})
