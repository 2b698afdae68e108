import { ApiError, notFound, qualified, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel } from '../kernel.ts'
import type { Call } from './call.ts'
import { readContinue, readListOptions, readRevision, writeContinue, type ListOptions } from './list-options.ts'
import { negotiate } from './negotiate.ts'
import { representList, representObject, type ListMeta, type RepresentContext } from './represent.ts'
import { respond } from './respond.ts'

export function representContext(kernel: Kernel, call: Call): RepresentContext {
  const asked = call.query.get('includeObject')
  const includeObject = asked === 'None' || asked === 'Object' ? asked : 'Metadata'
  return { representation: negotiate(call.request.headers.accept), tables: { kernel, includeObject } }
}

/** The key under which a named object of a request is stored. */
export function keyOfCall(resource: ServedResource, call: Call): string {
  const { namespace, name = '' } = call.info.resource ?? {}
  return resource.namespaced ? `${namespace ?? ''}/${name}` : name
}

export async function getObject(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  const context = representContext(kernel, call)
  readRevision(call.query.get('resourceVersion') ?? '', kernel.store.revision)
  const virtual = kernel.virtual.get(qualified(resource))
  const { namespace, name = '' } = call.info.resource ?? {}
  const object = virtual
    ? virtual.get(namespace, name)
    : kernel.store.get(storageName(resource), keyOfCall(resource, call))
  if (object === undefined) throw notFound(resource, call.info.resource?.name ?? '')
  await respondObject(kernel, resource, call, object, 200, context)
}

export async function respondObject(
  kernel: Kernel,
  resource: ServedResource,
  call: Call,
  object: KubeObject,
  status = 200,
  context = representContext(kernel, call),
): Promise<void> {
  await respond(call, {
    status,
    body: `${representObject(resource, object, context)}\n`,
    yaml: context.representation.yaml,
  })
}

/** Orders as etcd does: by namespace, then name, byte by byte. */
function byKey(a: KubeObject, b: KubeObject): number {
  const [left, right] = [listKey(a), listKey(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function listKey({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

export async function listObjects(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  const context = representContext(kernel, call)
  const options = readListOptions(call.query, resource, false)
  const virtual = kernel.virtual.get(qualified(resource))
  if (virtual) {
    const computed = virtual.list(call.info.resource?.namespace).filter(options.selection.matches)
    return respond(call, { body: representList(resource, computed, { resourceVersion: '' }, context) })
  }
  const { objects, meta } = selectPage(kernel, resource, call.info.resource?.namespace, options)
  await respond(call, { body: representList(resource, objects, meta, context), yaml: context.representation.yaml })
}

/** All selected objects now, in order. */
export function selectObjects(
  kernel: Kernel,
  resource: ServedResource,
  namespace: string | undefined,
  { selection }: ListOptions,
): KubeObject[] {
  const found: KubeObject[] = []
  for (const object of kernel.store.values(storageName(resource)))
    if ((namespace === undefined || object.metadata.namespace === namespace) && selection.matches(object))
      found.push(object)
  return found.sort(byKey)
}

function selectPage(
  kernel: Kernel,
  resource: ServedResource,
  namespace: string | undefined,
  options: ListOptions,
): { objects: KubeObject[]; meta: ListMeta } {
  const { store } = kernel
  const asked = readRevision(options.resourceVersion, store.revision)
  const from = options.continueToken === '' ? undefined : readContinue(options.continueToken)
  // Without a match, a version together with a limit means exactly that version.
  const exact = options.match === 'Exact' || (options.match === '' && asked !== undefined && options.limit > 0)
  const revision = from ? (from.rv < 0 ? store.revision : from.rv) : exact ? (asked ?? store.revision) : store.revision
  const values = store.valuesAt(storageName(resource), revision)
  if (values === undefined)
    throw from
      ? expiredContinue(from.start)
      : new ApiError(410, 'Expired', 'The resourceVersion for the provided list is too old.')
  let found: KubeObject[] = []
  for (const object of values)
    if ((namespace === undefined || object.metadata.namespace === namespace) && options.selection.matches(object))
      found.push(object)
  found.sort(byKey)
  if (from) found = found.filter((object) => pageKey(object, namespace) >= from.start)
  const meta: ListMeta = { resourceVersion: String(revision) }
  const limit = options.resourceVersion === '0' && !from ? 0 : options.limit
  if (limit === 0 || found.length <= limit) return { objects: found, meta }
  const page = found.slice(0, limit)
  const last = page.at(-1)
  if (last) meta.continue = writeContinue(from && from.rv < 0 ? -1 : revision, pageKey(last, namespace))
  if (!options.selection.selective) meta.remainingItemCount = found.length - limit
  return { objects: page, meta }
}

/** Keys in continue tokens are relative to what is listed. */
function pageKey(object: KubeObject, namespace: string | undefined): string {
  return namespace === undefined && object.metadata.namespace
    ? `${object.metadata.namespace}/${object.metadata.name}`
    : `/${object.metadata.name}`
}

function expiredContinue(start: string): ApiError {
  const error = new ApiError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
      'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token ' +
      'results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and ' +
      'now may show up in the list.',
  )
  error.status.metadata = { continue: writeContinue(-1, start.slice(0, -1)) }
  return error
}
