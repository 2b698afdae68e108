import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'
import { kindClusters, kindProvisioner, simulatedClusters, type ClusterProvider } from '../clusters/index.ts'
import { createChecker, RunnerPool } from '../grading/index.ts'
import { loadLab } from '../lessons/index.ts'
import { openMirrors } from '../main/mirrors.ts'
import { Resources } from '../main/resources.ts'
import { createLocalWorkspaces } from '../workspaces/index.ts'
import type { GroundParts } from './cluster-ground.ts'
import type { ProvingGrounds } from './ground.ts'
import { copyingGrounds } from './grounds.ts'
import { readProof, type Proof } from './proof-file.ts'
import { prove } from './prove.ts'
import type { ProofResult, Row } from './result.ts'
import { turningGrounds } from './turns.ts'
import type { Lab } from '../../protocol/lab.ts'

export { jsonReport, junitReport, providerTable, textLine, textSummary } from './reports.ts'
export type { ProofResult, Row } from './result.ts'

export type ProviderName = 'simulated' | 'kind'

export interface ProveLabOptions {
  provider: ProviderName
  /** Folder of the built product. */
  dist: string
  seed: number
  /** Only tasks, and answers, whose name holds this word. */
  only?: string
  parallel: number
  onRow: (row: Row) => void
  signal: AbortSignal
}

/** The embedded cluster takes up a change at once; a pod of it needs a few hundred milliseconds. Real proxies learn of a change in seconds. */
const PATIENCE_MILLISECONDS: Record<ProviderName, number> = { simulated: 1500, kind: 8000 }

/**
 * Proves the lab in `folder` on clusters of its own, in a data folder that is gone afterwards.
 * @throws a LabwrightError when the lab cannot be loaded or a cluster cannot be made: it could not be tested
 */
export async function proveLab(folder: string, options: ProveLabOptions): Promise<{ lab: Lab; result: ProofResult }> {
  const { dist, seed, parallel, onRow, signal, only = '', provider: name } = options
  const lab = await loadLab(folder)
  const proof = select(await readProof(lab), only)
  if (only !== '' && !choosesAny(lab, proof, only))
    throw serverError('BAD_OPTION', { command: 'test', reason: `--only "${only}" chooses no task and no answer` })
  const dataFolder = await mkdtemp(path.join(os.tmpdir(), 'labwright-proof-'))
  const program = (name: string): string => path.join(dist, `${name}.js`)
  const resources = new Resources()
  try {
    const clusters = provingClusters(name, program, dataFolder)
    resources.add({ [Symbol.asyncDispose]: () => endClusters(clusters, dataFolder) })
    const runners = resources.add(new RunnerPool({ script: program('check-runner'), spares: parallel }))
    const workspaces = await createLocalWorkspaces({ dataFolder, ...openMirrors({ dist, provider: name }) })
    resources.add({ [Symbol.asyncDispose]: () => workspaces.close() })
    const check = createChecker(runners, [path.join(dataFolder, 'tools')])
    const parts = { lab, workspaces, check, seed, patienceMilliseconds: PATIENCE_MILLISECONDS[name], signal }
    const result = await prove(lab, proof, clusters.grounds(parts), { seed, parallel, onRow, signal, only })
    return { lab, result }
  } finally {
    await resources[Symbol.asyncDispose]()
  }
}

/** Where a cluster cannot be deleted now, its process and folder stay: what is meant to be is written there, and is done later. */
async function endClusters({ provider, end }: ProvingClusters, dataFolder: string): Promise<void> {
  const ends = await Promise.allSettled((await provider.list()).map((id) => provider.delete(id)))
  const failed = ends.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  await end()
  await rm(dataFolder, { recursive: true, force: true, maxRetries: 3 })
}

interface ProvingClusters {
  provider: ClusterProvider
  grounds(parts: GroundParts): ProvingGrounds
  /** Ends the process behind them, which holds nothing any more. */
  end(this: void): Promise<void>
}

function provingClusters(name: ProviderName, program: (name: string) => string, dataFolder: string): ProvingClusters {
  if (name === 'simulated') {
    const provider = simulatedClusters({ command: [process.execPath, program('simulator-host')], dataFolder })
    return {
      provider,
      grounds: (parts) => copyingGrounds(parts, provider),
      end: async () => provider[Symbol.asyncDispose](),
    }
  }
  const place = { command: [process.execPath, program('provisioner')], dataFolder }
  const provider = kindClusters(place)
  return {
    provider,
    grounds: (parts) => turningGrounds(parts, provider),
    async end() {
      const pid = await kindProvisioner(place).pid()
      if (pid !== undefined) process.kill(pid, 'SIGTERM')
    },
  }
}

function choosesAny({ tasks }: Lab, { wrong, alsoRight }: Proof, only: string): boolean {
  return wrong.length > 0 || alsoRight.length > 0 || tasks.some(({ id }) => id.includes(only))
}

function select(proof: Proof, only: string): Proof {
  return {
    ...proof,
    wrong: proof.wrong.filter(({ name, task }) => name.includes(only) || task.includes(only)),
    alsoRight: proof.alsoRight.filter(
      ({ name, tasks }) => name.includes(only) || tasks.some((task) => task.includes(only)),
    ),
  }
}
