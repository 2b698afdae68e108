import { conflict, notFound, timestamp, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { admitMutating, admitValidating } from './admit.ts'

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
}

export interface Removal {
  object: KubeObject
  /** False: it stays until its grace period is over or its finalizers are gone. */
  gone: boolean
}

const ATTEMPTS = 20
const DEFAULT_GRACE_SECONDS = 30

/** Deletes an object, or marks it as being deleted when something has to happen first. */
export async function remove(
  kernel: Kernel,
  resource: ServedResource,
  key: string,
  options: DeleteOptions,
  context: WriteContext,
): Promise<Removal> {
  const place = storageName(resource)
  const name = key.slice(key.indexOf('/') + 1)
  for (let attempt = 1; ; attempt++) {
    const old = kernel.store.get(place, key)
    if (old === undefined) throw notFound(resource, name)
    checkPreconditions(resource, old, options)
    const admission = {
      operation: 'DELETE' as const,
      resource,
      name,
      namespace: old.metadata.namespace,
      oldObject: old,
    }
    await admitMutating(kernel, admission, context)
    await admitValidating(kernel, admission, context)
    const removal = attemptRemoval(kernel, resource, key, old, options, context)
    if (removal !== undefined) return removal
    if (attempt === ATTEMPTS)
      throw conflict(
        resource,
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      )
  }
}

function attemptRemoval(
  kernel: Kernel,
  resource: ServedResource,
  key: string,
  old: KubeObject,
  options: DeleteOptions,
  context: WriteContext,
): Removal | undefined {
  const place = storageName(resource)
  const marked = mark(kernel, resource, old, options)
  if (marked === old) return { object: old, gone: false }
  if (context.dryRun) return { object: marked ?? old, gone: marked === undefined }
  let last = old
  if (marked !== undefined) {
    const stored = kernel.store.put(place, marked, old.metadata.resourceVersion)
    if (stored === undefined) return undefined
    if (!immediate(stored)) return { object: stored, gone: false }
    last = stored
  }
  const removed = kernel.store.remove(place, key, last.metadata.resourceVersion)
  return removed && { object: removed, gone: true }
}

function immediate(object: KubeObject): boolean {
  const { finalizers, deletionGracePeriodSeconds } = object.metadata
  return !finalizers?.length && !deletionGracePeriodSeconds && object.kind !== 'Namespace'
}

/** The object as marked for deletion; itself when it is marked already; undefined when it can simply go. */
function mark(
  kernel: Kernel,
  resource: ServedResource,
  old: KubeObject,
  options: DeleteOptions,
): KubeObject | undefined {
  const finalizers = finalizersAfter(old, options)
  const grace = graceOf(resource, old, options)
  const namespace = resource.kind === 'Namespace' && resource.group === '' && old['spec']?.finalizers?.length > 0
  // A pod without a node is marked and removed in one breath (watchers see both), others without reason to wait just go.
  if (grace === undefined && finalizers.length === 0 && !namespace) return undefined
  const seconds = grace ?? 0
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = old.metadata
  const sameFinalizers = finalizers.join() === (old.metadata.finalizers ?? []).join()
  if (deletionTimestamp !== undefined && seconds >= deletionGracePeriodSeconds && sameFinalizers) {
    if (finalizers.length > 0 || namespace || deletionGracePeriodSeconds > 0) return old
  }
  const at = timestamp({ now: () => kernel.clock.now() + seconds * 1000 })
  const metadata: NewObject['metadata'] = {
    ...old.metadata,
    deletionTimestamp: at,
    deletionGracePeriodSeconds: seconds,
  }
  if (deletionTimestamp !== undefined && seconds >= deletionGracePeriodSeconds)
    Object.assign(metadata, { deletionTimestamp, deletionGracePeriodSeconds })
  if (finalizers.length > 0) metadata.finalizers = finalizers
  if (old.metadata.generation !== undefined)
    metadata.generation = old.metadata.generation + (deletionTimestamp === undefined ? 1 : 0)
  const marked = { ...old, metadata } as KubeObject
  return namespace ? { ...marked, status: { ...old['status'], phase: 'Terminating' } } : marked
}

function finalizersAfter(old: KubeObject, options: DeleteOptions): string[] {
  const policy = options.propagationPolicy ?? (options.orphanDependents ? 'Orphan' : undefined)
  const own = (old.metadata.finalizers ?? []).filter(
    (name) => policy === undefined || !['foregroundDeletion', 'orphan'].includes(name),
  )
  if (policy === 'Foreground') return [...own, 'foregroundDeletion']
  if (policy === 'Orphan') return [...own, 'orphan']
  return own
}

/** Seconds that a pod still has; undefined for resources that have no grace period. */
function graceOf(resource: ServedResource, old: KubeObject, options: DeleteOptions): number | undefined {
  if (resource.kind !== 'Pod' || resource.group !== '') return undefined
  const finished = ['Succeeded', 'Failed'].includes(old['status']?.phase)
  if (!old['spec']?.nodeName || finished) return 0
  return Math.max(0, options.gracePeriodSeconds ?? old['spec']?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
}

function checkPreconditions(resource: ServedResource, object: KubeObject, { preconditions }: DeleteOptions): void {
  const { name, uid, resourceVersion } = object.metadata
  // These refusals name the kind where others name the resource (apiserver `pkg/storage/interfaces.go`).
  const of = { group: '', plural: resource.kind }
  const differs = (what: string, wanted: string, found: string, perhaps: string): Error =>
    conflict(
      of,
      name,
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). The object might have been ${perhaps}`,
    )
  if (preconditions?.uid && preconditions.uid !== uid)
    throw differs('UID', preconditions.uid, uid, 'deleted and then recreated')
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion)
    throw differs('ResourceVersion', preconditions.resourceVersion, resourceVersion, 'modified')
}
