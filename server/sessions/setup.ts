import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { serverError } from '../../protocol/errors/server.ts'
import type { Lab } from '../../protocol/lab.ts'
import { collectionPath, connectApi, type ApiClient, type Credentials } from '../clusters/index.ts'

const READY_TIMEOUT_MILLISECONDS = 120_000
const POLL_MILLISECONDS = 150
/** A kind of a definition that was applied a moment ago is served a moment later. */
const KIND_TIMEOUT_MILLISECONDS = 10_000

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
}

interface Served {
  path: string
  namespaced: boolean
}

/** Applies the lab's set-up manifests with the grader's rights (server-side apply) and waits until what they make is ready. */
export async function applySetup(
  lab: Lab,
  credentials: Credentials,
  { log, signal }: { log: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  if (lab.setup.length === 0) return
  const api = connectApi(credentials)
  try {
    const applied: { manifest: Manifest; path: string }[] = []
    for (const file of lab.setup) {
      for (const manifest of await readManifests(lab.folder, file)) {
        applied.push({ manifest, path: await apply(api, manifest, file, signal) })
        log(`applied ${nameOf(manifest)}`)
      }
    }
    for (const { manifest, path: where } of applied) {
      await waitUntilReady(api, manifest, where, signal)
      log(`${nameOf(manifest)} is ready`)
    }
  } finally {
    api[Symbol.dispose]()
  }
}

async function readManifests(folder: string, file: string): Promise<Manifest[]> {
  const { parseAllDocuments } = await import('yaml')
  const text = await readFile(path.join(folder, file), 'utf8')
  return [...parseAllDocuments(text)].flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw serverError('SETUP_UNREADABLE', { file, reason: error.message }, error)
    const value = document.toJS() as Manifest | null
    if (value === null) return []
    if (
      typeof value.apiVersion !== 'string' ||
      typeof value.kind !== 'string' ||
      typeof value.metadata?.name !== 'string'
    )
      throw serverError('SETUP_UNREADABLE', { file, reason: 'an object needs apiVersion, kind and metadata.name' })
    return [value]
  })
}

async function apply(api: ApiClient, manifest: Manifest, file: string, signal: AbortSignal): Promise<string> {
  const served = await findKind(api, manifest, file, signal)
  const namespace = served.namespaced ? (manifest.metadata.namespace ?? 'default') : undefined
  const where = `${collectionPath(manifest.apiVersion, served.path, namespace)}/${encodeURIComponent(manifest.metadata.name)}`
  const { status, body } = await api.request(`${where}?fieldManager=labwright&force=true`, {
    method: 'PATCH',
    body: JSON.stringify(manifest),
    contentType: 'application/apply-patch+yaml',
    signal,
  })
  if (status >= 300)
    throw serverError('SETUP_REFUSED', { object: nameOf(manifest), file, reason: messageOf(body, status) })
  return where
}

async function findKind(
  api: ApiClient,
  { apiVersion, kind }: Manifest,
  file: string,
  signal: AbortSignal,
): Promise<Served> {
  const deadline = performance.now() + KIND_TIMEOUT_MILLISECONDS
  for (;;) {
    const { body } = await api.request(apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`, {
      signal,
    })
    const { resources = [] } = body as { resources?: { name: string; kind: string; namespaced: boolean }[] }
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))
    if (found !== undefined) return { path: found.name, namespaced: found.namespaced }
    if (performance.now() > deadline)
      throw serverError('SETUP_REFUSED', {
        object: kind,
        file,
        reason: `the cluster does not serve ${kind} in ${apiVersion}`,
      })
    await sleep(POLL_MILLISECONDS, undefined, { signal })
  }
}

async function waitUntilReady(api: ApiClient, manifest: Manifest, where: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MILLISECONDS
  for (;;) {
    const { status, body } = await api.request(where, { signal })
    const missing = status === 200 ? missingOf(body as Observed) : `the API answered ${status}`
    if (missing === undefined) return
    if (performance.now() > deadline)
      throw serverError('SETUP_TOO_SLOW', {
        object: nameOf(manifest),
        seconds: String(READY_TIMEOUT_MILLISECONDS / 1000),
        seen: missing,
      })
    await sleep(POLL_MILLISECONDS, undefined, { signal })
  }
}

interface Observed {
  kind: string
  metadata: { generation?: number }
  spec?: { replicas?: number }
  status?: {
    observedGeneration?: number
    availableReplicas?: number
    readyReplicas?: number
    numberReady?: number
    desiredNumberScheduled?: number
    phase?: string
    conditions?: { type: string; status: string }[]
  }
}

/** What an object is still waiting for; undefined when it is ready. A kind without a notion of ready is ready when it is there. */
export function missingOf({ kind, metadata, spec, status = {} }: Observed): string | undefined {
  const has = (type: string) =>
    status.conditions?.some((condition) => condition.type === type && condition.status === 'True')
  const behind = (status.observedGeneration ?? 0) < (metadata.generation ?? 0)
  const replicas = spec?.replicas ?? 1
  const counted = (ready = 0, wanted: number) =>
    behind || ready < wanted ? `${ready} of ${wanted} replicas are ready` : undefined
  switch (kind) {
    case 'Deployment':
      return counted(status.availableReplicas, replicas)
    case 'StatefulSet':
    case 'ReplicaSet':
      return counted(status.readyReplicas, replicas)
    case 'DaemonSet':
      return counted(status.numberReady, status.desiredNumberScheduled ?? 1)
    case 'Pod':
      return has('Ready') || status.phase === 'Succeeded' ? undefined : `its phase is ${status.phase ?? 'unknown'}`
    case 'Job':
      return has('Complete') ? undefined : 'it is not complete'
    case 'CustomResourceDefinition':
      return has('Established') ? undefined : 'it is not established'
    default:
      return undefined
  }
}

function nameOf({ kind, metadata }: Manifest): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`
}

function messageOf(body: unknown, status: number): string {
  return (body as { message?: string } | undefined)?.message ?? `status ${status}`
}
