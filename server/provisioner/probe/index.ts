import { provisionerError } from '../../../protocol/errors/provisioner.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type { ProvisionedCluster } from '../../../protocol/provisioner.ts'
import { connectApi, type ApiClient } from '../../clusters/credentials.ts'
import type { Engine } from '../engine.ts'
import { lastWords } from '../last-words.ts'
import { readAnswers } from './answers.ts'
import { findCaller, makeGuest, removeOldGuests, type Caller } from './callers.ts'
import { DEFAULT_TIMEOUT_MILLISECONDS } from './curl.ts'
import { probeScript } from './script.ts'

export interface ProbeGround {
  engine: Engine
  cluster: ProvisionedCluster
  /** Names of the cluster's nodes. */
  nodes: readonly string[]
  signal: AbortSignal
}

const LONGEST_MILLISECONDS = 10 * 60_000
/** For entering the pod's network, starting curl and reading what it left. */
const SLACK_MILLISECONDS = 20_000
/** A hundred answers of 4 KiB with their headers, in base64. */
const MAXIMUM_OUTPUT_BYTES = 4 * 1024 * 1024

/** Sends a probe's requests from the network of a pod, and counts what came back. */
export async function sendProbe(request: ProbeRequest, ground: ProbeGround): Promise<ProbeResult | ProbeRefusal> {
  const api = connectGrader(ground.cluster)
  try {
    const { signal } = ground
    const caller =
      request.from.kind === 'workload'
        ? await findCaller(request.from, api, signal)
        : await makeGuest(request.from, { api, image: await pauseImage(ground), signal })
    if ('refusal' in caller) return caller
    try {
      const answers = readAnswers(await run(request, caller, ground))
      return {
        caller: `${caller.name}, ${caller.sidecar ? 'with' : 'without'} a sidecar`,
        sidecar: caller.sidecar,
        answers,
      }
    } finally {
      await caller.leave()
    }
  } finally {
    api[Symbol.dispose]()
  }
}

/** Takes away what earlier probes left in the cluster. */
export async function clearProbes(cluster: ProvisionedCluster, now: number): Promise<void> {
  const api = connectGrader(cluster)
  try {
    await removeOldGuests(api, now, AbortSignal.timeout(10_000))
  } finally {
    api[Symbol.dispose]()
  }
}

function connectGrader({ server, certificateAuthority, identities }: ProvisionedCluster): ApiClient {
  const { certificate, key } = identities.grader
  return connectApi({ server, certificateAuthority, clientCertificate: certificate, clientKey: key })
}

async function run(request: ProbeRequest, caller: Caller, { engine, nodes, signal }: ProbeGround): Promise<string> {
  // The name comes from an object that the learner can write: it must be a node of this cluster before anything is run in it.
  if (!nodes.includes(caller.node) || !/^[0-9a-f-]{36}$/.test(caller.podUid))
    throw provisionerError('PROBE_NOT_SENT', {
      caller: caller.name,
      reason: `${caller.node} is no node of the cluster`,
    })
  const {
    count = 1,
    concurrency = 1,
    intervalMilliseconds = 0,
    timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS,
  } = request
  const longest = Math.ceil(count / concurrency) * (timeoutMilliseconds + intervalMilliseconds) + SLACK_MILLISECONDS
  const { exitCode, output, error } = await engine.exec(caller.node, ['bash', '-s'], {
    input: probeScript(request, caller.podUid),
    timeoutMilliseconds: Math.min(LONGEST_MILLISECONDS, longest),
    maximumBytes: MAXIMUM_OUTPUT_BYTES,
    signal,
  })
  if (exitCode === 0) return output
  throw provisionerError('PROBE_NOT_SENT', {
    caller: caller.name,
    reason: lastWords(error) ?? `exit code ${exitCode}`,
  })
}

/** The image that every pod's network stands on is in every node. */
async function pauseImage({ engine, nodes, signal }: ProbeGround): Promise<string> {
  const node = nodes[0]
  if (node === undefined)
    throw provisionerError('PROBE_NOT_SENT', { caller: 'a new pod', reason: 'the cluster has no node' })
  const { output } = await engine.exec(node, ['ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet'], {
    timeoutMilliseconds: 10_000,
    signal,
  })
  return output.split('\n').find((name) => /\/pause:[^@]*$/.test(name)) ?? 'registry.k8s.io/pause:3.10'
}
