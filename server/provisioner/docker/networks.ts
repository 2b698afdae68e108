import { setTimeout as sleep } from 'node:timers/promises'
import { provisionerError } from '../../../protocol/errors/provisioner.ts'
import { freeNetwork, NETWORKS, RANGE } from '../addresses.ts'
import type { ClusterName, ExecResult } from '../engine.ts'
import { CLUSTER_LABEL, INSTALLATION_LABEL, INTENT_LABEL } from './listing.ts'

/** Between the look for a free network and its making another installation may take it, or one that was seen may go. */
const TRIES = 20
const PAUSE_MILLISECONDS = 100
const SUBNETS = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'

/** Runs `docker`; a refusal is a result like any other. */
export type Docker = (args: readonly string[]) => Promise<ExecResult>

/** Makes the network of a cluster, out of the lowest free addresses of the plan. Gives what the engine said last. */
export async function addNetwork(docker: Docker, cluster: ClusterName): Promise<ExecResult> {
  const labels = {
    [INSTALLATION_LABEL]: cluster.installation,
    [CLUSTER_LABEL]: cluster.name,
    [INTENT_LABEL]: 'creating',
  }
  const labelled = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`])
  for (let left = TRIES; ; left -= 1) {
    const ids = (await docker(['network', 'ls', '--quiet'])).output.split('\n').filter((id) => id !== '')
    const { output, exitCode } = await docker(['network', 'inspect', '--format', SUBNETS, ...ids])
    const subnet = freeNetwork(output.split(/\s+/))
    if (subnet === undefined) throw provisionerError('ADDRESSES_EXHAUSTED', { count: String(NETWORKS), range: RANGE })
    const made =
      exitCode === 0
        ? await docker(['network', 'create', '--driver', 'bridge', '--subnet', subnet, ...labelled, cluster.name])
        : undefined
    if (made !== undefined && (left === 0 || !/overlap/i.test(made.error))) return made
    await sleep(PAUSE_MILLISECONDS * Math.random())
  }
}
