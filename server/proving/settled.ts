import { setTimeout as sleep } from 'node:timers/promises'
import { serverError } from '../../protocol/errors/server.ts'
import { connectApi, type ApiClient, type Credentials } from '../clusters/index.ts'

const POLL_MILLISECONDS = 300
const TIMEOUT_MILLISECONDS = 240_000

/** Pods that are ready -> ids of their containers, as `containerd://…`. */
export type Containers = ReadonlyMap<string, readonly string[]>

interface Pod {
  metadata: { namespace: string; name: string; deletionTimestamp?: string }
  status?: {
    conditions?: { type: string; status: string }[]
    containerStatuses?: { containerID?: string }[]
    /** Sidecars are among these. */
    initContainerStatuses?: { containerID?: string; state?: { running?: object } }[]
  }
}

/** What runs in a cluster and is ready. */
export async function containersOf(credentials: Credentials, signal: AbortSignal): Promise<Containers> {
  const api = connectApi(credentials)
  try {
    return await readyPods(api, signal)
  } finally {
    api[Symbol.dispose]()
  }
}

/**
 * Waits until every pod of `before` is ready with containers that are none of those: right after a reset the API still tells of the dead ones.
 * Resolves to what runs then. @throws PROOF_NOT_SETTLED
 */
export async function waitForNewContainers(
  credentials: Credentials,
  before: Containers,
  signal: AbortSignal,
): Promise<Containers> {
  const api = connectApi(credentials)
  const deadline = performance.now() + TIMEOUT_MILLISECONDS
  try {
    for (;;) {
      const now = await readyPods(api, signal).catch((): Containers => new Map())
      signal.throwIfAborted()
      const waiting = [...before].filter(([pod, dead]) => !isNew(now.get(pod), dead)).map(([pod]) => pod)
      if (waiting.length === 0) return now
      if (performance.now() > deadline)
        throw serverError('PROOF_NOT_SETTLED', {
          seconds: String(TIMEOUT_MILLISECONDS / 1000),
          pods: waiting.join(', '),
        })
      await sleep(POLL_MILLISECONDS, undefined, { signal })
    }
  } finally {
    api[Symbol.dispose]()
  }
}

function isNew(containers: readonly string[] | undefined, dead: readonly string[]): boolean {
  return containers !== undefined && containers.every((id) => !dead.includes(id))
}

async function readyPods(api: ApiClient, signal: AbortSignal): Promise<Containers> {
  const { status, body } = await api.request('/api/v1/pods', { signal })
  if (status !== 200) throw new Error(`the API answered ${status}`)
  const ready = (body as { items: Pod[] }).items.filter(
    ({ metadata, status: { conditions = [] } = {} }) =>
      metadata.deletionTimestamp === undefined &&
      conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  )
  return new Map(
    ready.map(({ metadata, status: { containerStatuses = [], initContainerStatuses = [] } = {} }) => [
      `${metadata.namespace}/${metadata.name}`,
      [...containerStatuses, ...initContainerStatuses.filter(({ state }) => state?.running !== undefined)].flatMap(
        ({ containerID }) => (containerID === undefined ? [] : [containerID]),
      ),
    ]),
  )
}
