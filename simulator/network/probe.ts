import { setMaxListeners } from 'node:events'
import {
  ApiError,
  type Api,
  type CallOutcome,
  type Clock,
  type HttpRequest,
  type KubeObject,
  type NewObject,
} from '../kubernetes/index.ts'
import type { Workload } from '../mesh/contract.ts'
import type { ProbeAnswer, ProbeCaller, ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import type { Network } from './contract.ts'
import { proxyContainer } from './pod-namespace.ts'
import { textOf } from './webhook.ts'

export const MAX_PROBE_REQUESTS = 5000
const MAX_CONCURRENCY = 500
const DEFAULT_TIMEOUT_MS = 5000
const MAX_BODY_CHARACTERS = 4096
/** Beyond that many different answers, further ones are told apart by their status alone. */
const MAX_DISTINCT_ANSWERS = 100

interface Rooms {
  api: Api
  clock: Clock
  network: Network
}

/** Sends a grader's requests and counts what came back. Changes nothing that a learner can see. */
export async function runProbe(
  request: ProbeRequest,
  rooms: Rooms,
  signal?: AbortSignal,
): Promise<ProbeResult | ProbeRefusal> {
  const caller = request.from.kind === 'workload' ? findPod(request.from, rooms) : await makeGuest(request.from, rooms)
  if ('refusal' in caller) return caller
  try {
    const answers = await sendAll(request, caller.workload, rooms, signal)
    const sidecar = caller.workload.sidecar
    return { caller: `${caller.name}, ${sidecar ? 'with' : 'without'} a sidecar`, sidecar, answers }
  } finally {
    caller.leave()
  }
}

interface Caller {
  name: string
  workload: Workload
  leave: () => void
}

function refusal(reason: ProbeRefusal['refusal'], message: string): ProbeRefusal {
  return { refusal: reason, message }
}

function findPod(
  { namespace, workload }: ProbeCaller & { kind: 'workload' },
  { api, network }: Rooms,
): Caller | ProbeRefusal {
  const own = api.list('pods', { namespace }).filter((pod) => workloadNames(pod, api).includes(workload))
  if (own.length === 0) {
    const exists = ['deployments.apps', 'statefulsets.apps', 'daemonsets.apps'].some((kind) =>
      api.get(kind, namespace, workload),
    )
    if (exists) return refusal('no-ready-pod', `${workload} in ${namespace} has no pods.`)
    return refusal('no-workload', `There is no workload ${workload} in the namespace ${namespace}.`)
  }
  for (const pod of own) {
    const found = isReady(pod) ? network.fabric.workloadAt(pod['status'].podIP) : undefined
    if (found !== undefined) return { name: `${workload} in ${namespace}`, workload: found, leave: () => {} }
  }
  return refusal('no-ready-pod', `No pod of ${workload} in ${namespace} is ready.`)
}

/** A pod's own name and those of the objects that control it: `reviews-v1-7f99cc4496-x2cbn`, its ReplicaSet, `reviews-v1`. */
function workloadNames(pod: KubeObject, api: Api): string[] {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)
  if (owner === undefined) return [pod.metadata.name]
  const set = owner.kind === 'ReplicaSet' ? api.get('replicasets.apps', pod.metadata.namespace, owner.name) : undefined
  const above = set?.metadata.ownerReferences?.find(({ controller }) => controller)
  return [pod.metadata.name, owner.name, ...(above === undefined ? [] : [above.name])]
}

function isReady(pod: KubeObject): boolean {
  const conditions = (pod['status']?.conditions ?? []) as { type: string; status: string }[]
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  )
}

/** A caller for the occasion: it has an address and an identity, and is no object in the API. */
async function makeGuest(
  from: ProbeCaller & { kind: 'identity' },
  { api, network }: Rooms,
): Promise<Caller | ProbeRefusal> {
  const { namespace, serviceAccount, labels = {} } = from
  const wanted: NewObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `caller-${serviceAccount}`.slice(0, 60), namespace, labels },
    spec: { serviceAccountName: serviceAccount, containers: [{ name: 'caller', image: 'curlimages/curl' }] },
  }
  let pod: NewObject = wanted
  if (from.sidecar === 'as-injected') {
    try {
      pod = await api.create(wanted, { dryRun: true })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return refusal(
        'injection-failed',
        `No pod with the account ${namespace}/${serviceAccount} can be made: ${error.message}`,
      )
    }
  }
  const { containers = [], initContainers = [] } = pod['spec']
  const injected = [...containers, ...initContainers].some(({ name }: { name: string }) => name === proxyContainer)
  const metadata = { uid: '', resourceVersion: '', creationTimestamp: '', name: '', ...pod.metadata }
  const guest = network.addPod({ ...pod, metadata, status: {} } as unknown as KubeObject)
  guest.setProxyRunning(injected)
  const workload = network.fabric.workloadAt(guest.ip)
  if (workload === undefined) throw new Error('A pod that was just added has no workload.')
  return { name: `${serviceAccount} in ${namespace}`, workload, leave: () => guest[Symbol.dispose]() }
}

async function sendAll(
  request: ProbeRequest,
  from: Workload,
  { network, clock }: Rooms,
  signal?: AbortSignal,
): Promise<ProbeAnswer[]> {
  const total = Math.min(Math.max(1, Math.trunc(request.count ?? 1)), MAX_PROBE_REQUESTS)
  const atOnce = Math.min(Math.max(1, Math.trunc(request.concurrency ?? 1)), MAX_CONCURRENCY, total)
  const { message, connectTo } = toHttpRequest(request)
  const tally = new Tally()
  if (signal !== undefined) setMaxListeners(0, signal)
  const options = {
    connectTo,
    timeoutMilliseconds: request.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MS,
    ...(signal && { signal }),
  }
  let sent = 0
  const worker = async (): Promise<void> => {
    while (sent < total) {
      if (signal?.aborted) return
      sent++
      tally.add(await network.call(from, message, options))
      const pause = request.intervalMilliseconds ?? 0
      if (pause > 0 && sent < total) await new Promise<void>((resolve) => void clock.after(pause, resolve))
      // A probe of thousands must not hold up the cluster's other work.
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return tally.answers()
}

function toHttpRequest({ url, method = 'GET', headers = {}, body = '' }: ProbeRequest): {
  message: HttpRequest
  connectTo: { host: string; port: number }
} {
  const { protocol, host, hostname, port, pathname, search } = new URL(url)
  const scheme = protocol === 'https:' ? 'https' : 'http'
  const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value])
  const authority = lower.find(([name]) => name === 'host')?.[1] ?? host
  const others = lower.filter(([name]) => name !== 'host')
  return {
    message: { method, scheme, authority, path: `${pathname}${search}`, headers: others, body },
    connectTo: { host: hostname, port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port) },
  }
}

class Tally {
  readonly #answers = new Map<string, ProbeAnswer>()

  add(outcome: CallOutcome): void {
    const answer = describe(outcome)
    const coarse = `${answer.status ?? answer.failure?.kind}`
    const exact = `${coarse}\n${answer.body ?? answer.failure?.message}`
    const isNew = !this.#answers.has(exact)
    const key = isNew && this.#answers.size >= MAX_DISTINCT_ANSWERS ? coarse : exact
    const known = this.#answers.get(key)
    if (known === undefined) this.#answers.set(key, answer)
    else known.count++
  }

  /** The most frequent first. */
  answers(): ProbeAnswer[] {
    return [...this.#answers.values()].toSorted((a, b) => b.count - a.count)
  }
}

function describe(outcome: CallOutcome): ProbeAnswer {
  if (!outcome.ok) return { count: 1, failure: outcome.failure }
  const { status, headers } = outcome.response
  return {
    count: 1,
    status,
    body: textOf(outcome.response).slice(0, MAX_BODY_CHARACTERS),
    headers: Object.fromEntries(headers),
  }
}
